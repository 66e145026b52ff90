"""What adapters share to reach bytes outside: HTTP, package indexes, directories; limits, retries, redaction."""
