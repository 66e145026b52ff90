"""Rego: what a compiled set of rules does, told from its plan, before anything of it runs."""
