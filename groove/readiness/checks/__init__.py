"""What is measured before a release, each check in its own module: pure functions, no files."""
