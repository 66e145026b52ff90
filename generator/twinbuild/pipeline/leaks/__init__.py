"""Secrets in what is about to be released: what is looked through, and how a finding refuses the release."""
