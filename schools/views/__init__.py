"""Doors for people: translate in, one call, translate out."""
