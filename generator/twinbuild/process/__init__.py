"""Starting processes: the one place that does."""
