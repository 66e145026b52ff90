"""Trial: what a running service answers, how fast, and whether that is what was expected."""
