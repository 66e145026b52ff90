"""OCI formats, pure: deterministic layers, image configuration, manifest, index, layout."""
