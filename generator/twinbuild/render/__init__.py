"""Texts from templates, pure: Dockerfile, lock files for pip, pylock.toml."""
