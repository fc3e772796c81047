"""What a model is worth: measures, held-out evaluation, other trackers beside it."""
