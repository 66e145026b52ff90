"""A policy's rules, each a function of what is known of a release: nothing is read here, and no clock is looked at."""
