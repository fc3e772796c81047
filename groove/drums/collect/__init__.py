"""A local collection of drum hits: labelled clips of sound, added to as they are found.

What belongs here: a folder of clips with its manifest, where hits come from, counts against what
is recommended, and export as a data set. What does not: manifests as such
(:mod:`groove.drums.manifest`), the classifier's own corpus.
"""
