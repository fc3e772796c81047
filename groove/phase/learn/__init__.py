"""Training: features, batches, losses, the training entry."""
