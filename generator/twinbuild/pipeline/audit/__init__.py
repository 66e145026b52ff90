"""Audit logs on disk: written, read back and verified, and proofs from them."""
