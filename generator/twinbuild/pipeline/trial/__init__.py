"""Trials: a built image is run in the sandbox, asked, and what it did is held to what the spec says."""
