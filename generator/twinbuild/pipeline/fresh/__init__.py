"""Signs by which a later run sees that a result still stands."""
