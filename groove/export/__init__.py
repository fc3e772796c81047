"""Trained networks as ONNX files: written, proven equal to the original, timed."""
