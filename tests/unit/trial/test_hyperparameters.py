"""Hyper-parameters in models' files: real ones, and files that are none."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from twinbuild.trial.hyperparameters import hyperparameters_of

ROOT = Path(__file__).resolve().parents[3]


def test_a_model_of_scikit_learn() -> None:
    """The committed example."""
    with (ROOT / "examples" / "fraud-scorer" / "model" / "classifier.skops").open("rb") as stream:
        found = hyperparameters_of("skops", stream)
    wanted = {"n_estimators": 80, "learning_rate": 0.1, "max_depth": 3, "random_state": 7, "loss": "log_loss"}
    assert {name: found[name] for name in wanted} == wanted


def test_a_model_of_lightgbm() -> None:
    """That of the family."""
    with (ROOT / "templates" / "families" / "lightgbm" / "files" / "model" / "model.txt").open("rb") as stream:
        found = hyperparameters_of("lightgbm", stream)
    wanted = {"num_iterations": 20, "learning_rate": 0.2, "boosting": "gbdt", "data": ""}
    assert {name: found[name] for name in wanted} == wanted


def _archive(text: str) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("schema.json", text)
    return stream.getvalue()


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
    ],
)
def test_files_that_are_none(kind: str, content: bytes) -> None:
    """They say nothing."""
    assert hyperparameters_of(kind, io.BytesIO(content)) == {}
