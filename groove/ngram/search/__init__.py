"""Searching settings by how far drawn grooves are from held-out ones. No measures of its own."""
