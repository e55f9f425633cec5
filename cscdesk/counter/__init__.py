"""The program at the counter: its own file, its own process, nothing of the centre's models."""
