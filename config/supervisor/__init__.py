"""
The supervisor of `make run`: starts every process of the demo, keeps it running, ends it.

Why our own: docs/decisions/0002-own-supervisor.md. It imports no Django, so that it is up in
an instant and nothing of the application can take it down.
"""
