"""The documents of a release, before and after it is built."""
