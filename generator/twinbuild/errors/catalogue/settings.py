"""Codes of settings, the command line and output (TB80)."""

from __future__ import annotations

from typing import Final

from twinbuild.errors.catalogue import Code

__all__ = ["CODES"]

CODES: Final[tuple[Code, ...]] = (
    Code(
        code="TB8030",
        title="twinbuild.toml is not TOML",
        explanation="""\
The settings file cannot be read as a TOML document in UTF-8.

Correct the text at the line that the message names.""",
    ),
    Code(
        code="TB8031",
        title="unknown key in twinbuild.toml",
        explanation="""\
Keys that twinbuild does not know are refused: a misspelt key would else silently change nothing.

Correct the key; the message names the nearest.""",
    ),
    Code(
        code="TB8032",
        title="wrong value in twinbuild.toml",
        explanation="""\
The value is of another type, out of its range, or no address.

Write what the message expects.""",
    ),
    Code(
        code="TB8033",
        title="wrong value of an environment variable",
        explanation="""\
A variable that configures twinbuild has a value that it cannot have, or its name is misspelt.

Set it to what the message expects, or unset it.""",
    ),
)
