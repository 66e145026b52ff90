"""Bytes to model values and back: strict, versioned, canonical."""
