"""
Figures, measured with real processes, sockets and a database that writes to the disk.

`make bench-NAME` or `python -m tests.bench NAME`; what each one measures: docs/benchmarks.md.
"""
