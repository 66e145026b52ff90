"""The stages as functions: the only place where the ports meet."""
