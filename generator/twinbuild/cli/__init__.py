"""The command line: one thin file per verb; the only place that prints, exits or reads argv and environment."""
