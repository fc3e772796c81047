"""Manifests of drum events: JSON lines that say what was struck, when, in which file.

What belongs here: the schema, reading and writing, and what is done to whole manifests (merge,
compare, annotate, openness, weights, hard negatives). What does not: events of the pipeline's own
corpus (:mod:`groove.drums.corpus.events`), clips of sound (:mod:`groove.drums.collect`), gates.
"""
