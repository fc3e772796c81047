"""From loops to steps: files, grids, conditions, duplicates. Nothing here counts or draws."""
