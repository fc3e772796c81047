"""Bar phase: renders, chunks, labels, the causal network, its stream and its figures."""
