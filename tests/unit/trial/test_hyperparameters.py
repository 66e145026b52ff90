"""Hyper-parameters in models' files: real ones, and files that are none."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import pytest

from twinbuild.trial.hyperparameters import hyperparameters_of

ROOT = Path(__file__).resolve().parents[3]
LONG = json.dumps({"content": {"content": {str(number**7): {} for number in range(1000)}}})


def test_a_model_of_scikit_learn() -> None:
    """The committed example."""
    with (ROOT / "examples" / "fraud-scorer" / "model" / "classifier.skops").open("rb") as stream:
        found = hyperparameters_of("skops", stream)
    assert found is not None
    wanted = {"n_estimators": 80, "learning_rate": 0.1, "max_depth": 3, "random_state": 7, "loss": "log_loss"}
    assert {name: found[name] for name in wanted} == wanted


def test_a_model_of_lightgbm() -> None:
    """That of the family."""
    with (ROOT / "templates" / "families" / "lightgbm" / "files" / "model" / "model.txt").open("rb") as stream:
        found = hyperparameters_of("lightgbm", stream)
    assert found is not None
    wanted = {"num_iterations": 20, "learning_rate": 0.2, "boosting": "gbdt", "data": ""}
    assert {name: found[name] for name in wanted} == wanted


def _archive(text: str, method: int = zipfile.ZIP_STORED) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        archive.writestr("schema.json", text)
    return stream.getvalue()


def _spoilt(content: bytes) -> bytes:
    """The compressed bytes are no deflate stream."""
    start = 30 + len("schema.json")
    spoilt = bytearray(content)
    directory = content.rindex(b"PK\x01\x02")
    spoilt[8:10] = spoilt[directory + 10 : directory + 12] = b"\x08\x00"
    spoilt[start : start + 40] = b"\xff" * 40
    return bytes(spoilt)


def _flipped(content: bytes, at: int, *, size: int = 40) -> bytes:
    """Bits of the compressed bytes are turned over, from ``at`` on."""
    start = 30 + len("schema.json") + at
    return content[:start] + bytes(byte ^ 0xFF for byte in content[start : start + size]) + content[start + size :]


def _encrypted(content: bytes) -> bytes:
    """It says that it asks for a password."""
    said = bytearray(content)
    said[6] |= 1
    said[content.rindex(b"PK\x01\x02") + 8] |= 1
    return bytes(said)


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("skops", b"no archive"),
        ("skops", _archive("{")),
        ("skops", _archive("[]")),
        ("skops", _archive('{"content": {"content": 1}}')),
        ("skops", _archive("[" * 100_000)),
        ("lightgbm", b"\xff\xfe"),
        ("lightgbm", b"tree\n[learning_rate: 0.1]\n"),
        ("lightgbm", b"tree\nparameters:\n[learning_rate: 0.1]\n"),
        ("skops", _spoilt(_archive("{}" * 500))),
        ("skops", _encrypted(_archive("{}"))),
        *[("skops", _flipped(_archive(LONG, zipfile.ZIP_LZMA), at)) for at in (0, 4, 9, 100)],
        *[("skops", _flipped(_archive(LONG, zipfile.ZIP_LZMA), at, size=1)) for at in (2, 3, 4, 9)],
        *[("skops", _flipped(_archive(LONG, zipfile.ZIP_BZIP2), at)) for at in (0, 4, 100)],
    ],
)
def test_files_that_are_none(kind: str, content: bytes) -> None:
    """They say nothing, and that is another answer than that they name no hyper-parameter."""
    assert hyperparameters_of(kind, io.BytesIO(content)) is None


def test_a_long_model_of_lightgbm() -> None:
    """The parameters stand behind all the trees, however many there are."""
    trees = b"tree\n" + b"leaf_value=0.125\n" * (5 << 20)  # more than the 64 MiB that were once read
    content = trees + b"\nparameters:\n[learning_rate: 0.1]\n\nend of parameters\n"
    assert hyperparameters_of("lightgbm", io.BytesIO(content)) == {"learning_rate": 0.1}
