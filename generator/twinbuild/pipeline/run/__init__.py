"""The service of a built image in a sandbox, and asking it."""
