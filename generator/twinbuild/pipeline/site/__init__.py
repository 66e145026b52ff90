"""From directories of releases to pages of HTML: reading, finding, writing."""
