"""The running twinbuild as something to keep: packed with a Python and its libraries, and run from there."""
