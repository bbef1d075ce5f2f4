"""Counting rows, in memory that does not grow with them."""
