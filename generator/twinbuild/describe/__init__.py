"""What is said of a release, pure: release manifest, SBOM, provenance."""
