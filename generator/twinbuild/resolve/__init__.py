"""Adapters that discover: pip-compile, Debian suites, local trees. Only ``lock`` uses them."""
