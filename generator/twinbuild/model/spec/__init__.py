"""The release spec as typed values: what a person writes in ``release.yaml``."""
