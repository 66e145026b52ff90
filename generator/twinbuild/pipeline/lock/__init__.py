"""From a spec to every byte that may enter its release, by digest, and those bytes in the store."""
