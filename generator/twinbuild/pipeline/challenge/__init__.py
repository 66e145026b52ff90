"""Independent rebuilders: each builds a release's images from its sources and signs what came out."""
