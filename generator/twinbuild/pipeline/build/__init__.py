"""From a lock to images, by the assembler and by Docker's BuildKit."""
