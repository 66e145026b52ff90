"""HTTP, shared by the adapters: limits, retries, redirects, redaction."""
