"""What a model is worth: figures, opponents, other models, demands, gates."""
