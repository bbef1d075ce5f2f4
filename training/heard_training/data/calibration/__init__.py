"""What probabilities and thresholds rest on: rows kept aside, their labels, and which of them."""
