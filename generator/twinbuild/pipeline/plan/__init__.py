"""From spec and lock to derivations, and what they stand on."""
