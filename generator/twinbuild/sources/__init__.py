"""Adapters that bring known bytes: package indexes, Debian mirrors, model artifacts. They cannot discover."""
