"""The recurrent network over the same steps: a baseline for the n-gram model, bit for bit."""
