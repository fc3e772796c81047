"""Drums: what was struck, from one-shots and songs; the classifier and what it hears.

What belongs here: events, pictures of their sound, the network, its figures. What does not:
names and notes of drums (:mod:`groove.midi.taxonomy`), songs' audio (:mod:`groove.phase`).
"""
