"""Instances for the tests of the service: what it takes, what is at the edge of that, and what it refuses."""

GOOD = "The delivery was late"
EDGES = ["x", " ", "word " * 400, "\u00e9\u4e2d\U0001f600", "\x00\n", "a" * 2000]
WRONG = ["", "a" * 2001, 1, True, None, ["text"], {}]
