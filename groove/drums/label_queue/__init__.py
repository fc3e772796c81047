"""The labelling queue: which clips a person should listen to next, and what they answered.

What belongs here: ranking clips by what a look at them is worth, the folder that a person works
in, answers back into a manifest. What does not: predicting (:mod:`groove.drums.classify`),
manifests (:mod:`groove.drums.manifest`).
"""
