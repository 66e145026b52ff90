"""Tokens of OpenID Connect under a trust root: whose they are, and whether they count. No network is asked."""
