"""What can be asked; every list is scoped to who is asking."""
