"""Instances for the tests of the service: what it takes, what is at the edge of that, and what it refuses."""

GOOD = [2.0, -1.0, 0.5, 1.0]
EDGES = [[1e6, -1e6, 1e6, 1e6], [-1e6, 1e6, -1e6, -1e6], [0, 0, 0, 0], [1, -0.0, 5e-324, 1]]
WRONG = [["1", 0, 0, 0], [True, 0, 0, 0], [None, 0, 0, 0], [0, 0, 0], [0, 0, 0, 0, 0], [1000001, 0, 0, 0], "text", {}]
