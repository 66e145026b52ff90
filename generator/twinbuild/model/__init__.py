"""Frozen values: what the stages pass to each other. Holding a value is proof that it is well formed."""
