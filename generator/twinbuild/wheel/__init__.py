"""Wheels from strangers: a strict archive reader, what a wheel says of itself, and what an installation leaves."""
