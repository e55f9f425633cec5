"""The clerk's pages."""
