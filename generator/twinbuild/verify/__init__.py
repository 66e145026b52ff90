"""The second build under other conditions, the comparison, and the cause of each difference."""
