"""Songs as tokens: the language, the n-gram baseline, the GRU and their figures."""
