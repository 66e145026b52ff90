"""Wheels, pure: a strict archive reader, tags, and what an installation leaves."""
