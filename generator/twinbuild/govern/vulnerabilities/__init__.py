"""Vulnerabilities of a release: which advisories are about its components, and which of them fail it."""
