"""Why two things that should be the same bytes are not: one engine for the double build and for `explain-mismatch`."""
