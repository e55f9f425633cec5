"""Mutation testing of the pure rooms that decide about places: `python -m tests.mutation ROOM`."""
