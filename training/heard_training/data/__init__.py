"""From labelled messages, wherever they lie, to one dataset with masks and splits."""
