"""DJ loops: bar grids of tracks, loop candidates, rankers, exported loops."""
