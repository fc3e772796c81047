"""One module per stage: each binds inputs to a domain function and reports metadata.

What belongs here: software-defined assets and their checks. What does not: logic (the
domain, :mod:`groove`), anything outside the process (:mod:`resources`).
"""
