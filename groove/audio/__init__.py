"""Waveforms, spectra, percussive analysis, content signatures, per-file statistics."""
