"""One run over all checks: its configuration, its input files, its outcome."""
