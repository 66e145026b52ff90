"""From a lock to a release: whole, or not at all."""
