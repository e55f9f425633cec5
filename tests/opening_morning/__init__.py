"""
The story of the morning everything fails, with real processes, sockets and kills.

`python -m tests.opening_morning [--seed N] [--quick] [--speed R] [--break LAW]`. What the
columns of its ledger mean: docs/reference/ledger.md.
"""
