"""The drum classifier: what it sees, what it is, how it learns, how well it does.

What belongs here: one clip around an onset in, a probability per class out. What does not: where
the onsets of a song are (:mod:`groove.drums.transcribe`).
"""
