"""Parity: whether two releases, or a release and what really runs, are the same, and what each difference means."""
