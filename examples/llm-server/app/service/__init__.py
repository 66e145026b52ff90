"""A language model behind HTTP."""
