"""One's own messages: a CSV file, the meaning of its columns, and what is wrong with it."""
