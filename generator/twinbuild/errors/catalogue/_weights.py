"""Codes of signatures of the weights, and of the files of the model in a release."""

from __future__ import annotations

from typing import Final

from twinbuild.errors.catalogue import Code

__all__ = ["WEIGHTS"]

WEIGHTS: Final[tuple[Code, ...]] = (
    Code(
        code="TB8660",
        title="no signature in the layout of model signing",
        explanation="""\
`signatures/model.KEYID.sig` is no Sigstore bundle (v0.3) around one DSSE envelope with one signature by a key: no JSON,
further keys, entries of a log, text that is no base64, the name of another kind of key.

Take the release from where it was signed again.""",
    ),
    Code(
        code="TB8661",
        title="weights that are not the ones that were signed",
        explanation="""\
`signatures/model.KEYID.sig` was signed by the key, and is about other files than the release's model has: each file is
named with what was signed and what is there. One that signs files in pieces, by another digest than SHA-256, or with
links followed, is refused as well.

Take the release from where it was signed again.""",
    ),
    Code(
        code="TB8662",
        title="a release without files of a model",
        explanation="""\
`twinbuild artifacts` takes the files of the model out of a release, and `model.artifacts` of this one names none.

Name a release whose model has artifacts.""",
    ),
    Code(
        code="TB8663",
        title="a file of the model that is not in the image",
        explanation="""\
The release manifest names the file with its size and digest, and the image's layer has none there, or other bytes.

Take the release from where it was made again.""",
    ),
)
