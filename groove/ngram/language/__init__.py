"""The n-gram language model: contexts, counts, probabilities, its file. No drawing, no judging."""
