"""The doors of the parents' portal: translate in, one call, translate out."""
