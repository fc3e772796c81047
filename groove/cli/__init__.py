"""The `groove` command, one module per subject."""
