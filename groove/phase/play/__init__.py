"""A trained model at work: streams, files, beats out."""
