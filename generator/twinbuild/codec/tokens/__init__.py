"""Tokens of OpenID Connect and the key sets of their issuers: bytes to values, strictly."""
