"""The OCI distribution API (distribution-spec 1.1), as a client: manifests, blobs, uploads, tags and referrers."""
