"""Who vouches for a release: keys and signatures."""
