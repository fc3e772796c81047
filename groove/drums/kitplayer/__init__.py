"""Kits of drum sounds, and grooves played through them under music.

What belongs here: sound from hits whose labels are exact. What does not: what is learnt from it.
"""
