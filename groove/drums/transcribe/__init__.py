"""Songs to beatmaps: where drums are struck in a recording, which, how hard and how surely.

What belongs here: a whole recording in, a beatmap out, and how well that is done. What does not:
what one clip is (:mod:`groove.drums.classify`), forms of beatmaps (:mod:`groove.drums.beatmap`).
"""
