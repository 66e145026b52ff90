"""TB10: the text of a spec."""

from __future__ import annotations

from typing import Final

from twinbuild.errors.catalogue import Code

__all__ = ["CODES"]

CODES: Final[tuple[Code, ...]] = (
    Code(
        code="TB1001",
        title="the file is not UTF-8",
        explanation=(
            "A spec is text in UTF-8, with or without a byte-order mark. The message names the first byte that is "
            "not, and says so where the file looks like UTF-16 or like a compressed file. Save the file as UTF-8."
        ),
    ),
    Code(
        code="TB1002",
        title="the file is too large",
        explanation=(
            "A spec has at most 256 KiB, so that reading one takes a bounded time. Move large values, such as "
            "bodies of tests or tables of parameters, into files of their own."
        ),
    ),
    Code(
        code="TB1003",
        title="values are nested too deeply",
        explanation=(
            "Mappings and lists may be nested 50 deep. No section of a spec comes near; free JSON, such as a "
            "test's body, may. Flatten the structure."
        ),
    ),
    Code(
        code="TB1004",
        title="too many values",
        explanation=("A spec has at most 20,000 keys and values. Move large tables into files of their own."),
    ),
    Code(
        code="TB1005",
        title="the file is not YAML",
        explanation=(
            "The text cannot be read at the place that is shown. The cause is often a line or two above: a quote "
            "or bracket that is not closed, a colon followed by a space inside of unquoted text, a line that is "
            "indented otherwise than those above, or indentation by tabs. Quote text that holds any of "
            ": # { } [ ] , & * ! | > ' \" % @."
        ),
    ),
    Code(
        code="TB1006",
        title="a key is given twice",
        explanation=(
            "Readers of YAML differ on which of the two values counts, and most say nothing. Keep one of the two; "
            "the message names both lines."
        ),
    ),
    Code(
        code="TB1007",
        title="anchors and aliases are not allowed",
        explanation=(
            "An anchor (&name) lets a value stand in two places, or hold itself, and a few lines can stand for "
            "billions of values. A spec is read by people too, so every value is written where it counts. Write "
            "the value out. Text that begins with & or * needs quotes."
        ),
    ),
    Code(
        code="TB1008",
        title="tags are not allowed",
        explanation=(
            "A tag (!name, !!name) asks the reader to make an object of a type, which in some readers runs code. "
            "Nothing of a spec needs one. Take it out; text that begins with ! needs quotes."
        ),
    ),
    Code(
        code="TB1009",
        title="merge keys are not allowed",
        explanation=(
            "The key << merges another mapping in, in YAML 1.1 only. Write the entries out, or use an overlay."
        ),
    ),
    Code(
        code="TB1010",
        title="a key is not text",
        explanation=("Keys such as 1, 1.0 and true are one key to some readers and three to others. Quote the key."),
    ),
    Code(
        code="TB1011",
        title="a second document begins",
        explanation=(
            "A file holds one document. A line of three hyphens begins another one. Keep one spec in one file; "
            "changes for a stage go into an overlay."
        ),
    ),
    Code(
        code="TB1012",
        title="the file is empty",
        explanation=(
            "The file has nothing but white space and comments. `twinbuild init` writes a spec to begin with."
        ),
    ),
    Code(
        code="TB1013",
        title="the file holds no mapping",
        explanation=(
            "A spec is a mapping of keys to values. This file holds a list or a single value. Begin it with the "
            "line apiVersion: twinbuild/v1."
        ),
    ),
    Code(
        code="TB1014",
        title="a character that does not show",
        explanation=(
            "Control characters, marks that change the order of reading, zero-width characters and lone "
            "surrogates make text that looks like one thing and is another; some programs refuse them, too. The "
            "message names the code point. Take it out."
        ),
    ),
    Code(
        code="TB1015",
        title="an unquoted value can be read in two ways",
        explanation=(
            "YAML 1.1 and 1.2 disagree on some words and numbers without quotes: no, off and y are false, false "
            "and true in one and text in the other; 12:30:45 is 45045; 0777 is 511 or 777. Other tools read the "
            "spec as well, so none of these is taken. Quote the value if it is text; write true, false or a plain "
            "decimal number if it is one."
        ),
    ),
    Code(
        code="TB1016",
        title="a number that cannot be kept",
        explanation=(
            "Numbers are written as JSON has them: 10, -3, 0.5, 1e-6. Refused are other spellings (1_000, 0x1F, "
            "0o17, +1, .5, .nan, .inf), numbers too large for a double, and integers beyond 2**53, which JSON "
            "readers round. Quote the value if it is text."
        ),
    ),
)
