"""Secrets in bytes that are about to go out: which forms are known, and where one stands."""
