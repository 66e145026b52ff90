"""Model families: their catalogues, the first files of a project, and keeping it up to date with its family."""
