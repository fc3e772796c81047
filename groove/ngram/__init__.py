"""The groove sampler: drum loops as steps, counts of steps, a model of them, new grooves."""
