"""Rows about drum sounds: events of files, which hits are one event, pictures of all events.

What belongs here: from the corpus's tables to what a classifier learns from. What does not: the
classifier (:mod:`groove.drums.classify`), manifests from outside (:mod:`groove.drums.manifest`).
"""
