"""Builders: the embedded assembler, and the sandbox that its hermetic steps and ``twinbuild run`` use."""
