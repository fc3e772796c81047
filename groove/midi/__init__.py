"""Notes, tempo maps, meters, the drum taxonomy, rendering, per-file statistics."""
