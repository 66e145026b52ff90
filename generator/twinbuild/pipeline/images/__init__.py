"""Images on their way: out of registries and into them, as layouts, with what was signed of them."""
