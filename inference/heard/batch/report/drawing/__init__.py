"""The page, from the counts."""
