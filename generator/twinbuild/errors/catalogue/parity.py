"""Codes of parity, captured environments, conventions, and what a release's inputs must be."""

from __future__ import annotations

from typing import Final

from twinbuild.errors.catalogue import Code

__all__ = ["CODES"]

CODES: Final[tuple[Code, ...]] = (
    Code(
        code="TB7601",
        title="no capture of an environment",
        explanation="""\
`twinbuild capture` writes one JSON object that says so in apiVersion and kind. These bytes are something else, or not
all of it: a line of a log before it, or an output that was cut off.

Write it again, and keep standard output alone.""",
    ),
    Code(
        code="TB7602",
        title="a newer capture",
        explanation="""\
The capture was written by the program of a newer twinbuild, and may say what this one does not know.

Capture again with `twinbuild capture --program` of this installation, or install the newer one.""",
    ),
    Code(
        code="TB7603",
        title="a capture of no target of the release",
        explanation="""\
A capture is compared with one variant on one platform. The release has none as the capture says that it is, or it has
several and the capture was not made inside of an image of twinbuild, which would say which.

Name the variant with --variant, or capture an environment of this release.""",
    ),
    Code(
        code="TB7604",
        title="the program that captures did not end as it should",
        explanation="""\
`twinbuild capture` runs a program in the Python that --python names, which must be Python 3.9 or later.

Name the Python of the environment, such as .venv/bin/python.""",
    ),
    Code(
        code="TB7610",
        title="other bytes under the same version of the model",
        explanation="""\
An artifact's digest is another one than release.lock has, and both are of the same `model.version`. Who compares
releases by the model's version would take them for one.

Raise `model.version`; or, where the file was changed by mistake, bring the older one back.""",
    ),
    Code(
        code="TB7611",
        title="a preprocessing step that names no code",
        explanation="""\
A step of `source.preprocessing` or `model.preprocessing` names `module:attribute`, and the application's files define
no such function, method or class. The code is read as text; nothing is imported.

Name what really runs: for code of a library the function of the application that calls it, for a build step its
name.""",
    ),
)
