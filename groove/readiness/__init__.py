"""Health of a data set, verdicts, and what may be released."""
