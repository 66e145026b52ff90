"""Bills of materials in other hands: exports, vulnerabilities, statements about them."""
