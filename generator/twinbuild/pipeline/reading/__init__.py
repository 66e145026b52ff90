"""Releases on disk, read back: their manifests, layouts, statements and bills of materials."""
