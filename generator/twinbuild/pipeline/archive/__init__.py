"""What is done with archives of releases: adding, finding, verifying, pruning, and building again from one alone."""
