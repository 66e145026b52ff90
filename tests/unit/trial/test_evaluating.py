"""Evaluation sets and predictions."""

from __future__ import annotations

import pytest

from twinbuild.trial.evaluating import BadSet, Example, NoPrediction, examples_of, pairs_of


def test_examples() -> None:
    """One a line; empty lines are none, truth values are numbers."""
    content = b'{"request": {"a": 1}, "label": true}\r\n\n{"request": null, "label": 0.5}'
    assert examples_of(content, several=False) == (
        Example(request={"a": 1}, labels=(1.0,), line=1),
        Example(request=None, labels=(0.5,), line=3),
    )
    assert examples_of(b'{"request": 1, "label": [0, 1]}', several=True)[0].labels == (0.0, 1.0)


@pytest.mark.parametrize(
    ("content", "several", "line", "reason"),
    [
        (b"", False, 1, "no example"),
        (b'{"request": 1, "label": 1}\n{"request": 1', False, 2, "no JSON"),
        (b'{"request": 1, "label": 1, "label": 2}', False, 1, "given twice"),
        (b'{"request": 1, "label": 1, "weight": 2}', False, 1, "no others"),
        (b"[1, 2]", False, 1, "expected an object"),
        (b'{"request": 1, "label": "fraud"}', False, 1, "'fraud', expected a finite number"),
        (b'{"request": 1, "label": null}', False, 1, "None, expected|'None', expected"),
        (b'{"request": 1, "label": NaN}', False, 1, "no JSON"),
        (b'{"request": 1, "label": 1e999}', False, 1, "beyond the numbers"),
        (b'{"request": 1, "label": 1' + b"0" * 400 + b"}", False, 1, "finite number"),
        (b'{"request": 1, "label": 1}', True, 1, "list of labels"),
        (b'{"request": 1, "label": []}', True, 1, "list of labels"),
        (b'{"request": 1, "label": [1]}', False, 1, "expected a finite number"),
        (b"\xff\xfe{", False, 1, "not UTF-8"),
    ],
)
def test_no_set(content: bytes, several: bool, line: int, reason: str) -> None:
    """The line and the reason."""
    with pytest.raises(BadSet, match=reason) as caught:
        examples_of(content, several=several)
    assert caught.value.line == line


ANSWER = {"verdicts": [{"score": 0.25}, {"score": 0.75}], "a/b": {"*": True}, "list": [[7]]}


@pytest.mark.parametrize(
    ("pointer", "cutoff", "labels", "pairs"),
    [
        ("/verdicts/*/score", None, (0.0, 1.0), [(0.0, 0.25), (1.0, 0.75)]),
        ("/verdicts/*/score", 0.5, (0.0, 1.0), [(0.0, 0.0), (1.0, 1.0)]),
        ("/verdicts/1/score", 0.75, (1.0,), [(1.0, 1.0)]),
        ("/a~1b/*", None, (1.0,), [(1.0, 1.0)]),
        ("/list/*/*", None, (7.0,), [(7.0, 7.0)]),
    ],
)
def test_predictions(
    pointer: str, cutoff: float | None, labels: tuple[float, ...], pairs: list[tuple[float, float]]
) -> None:
    """Read from where the pointer leads."""
    example = Example(request=None, labels=labels, line=1)
    assert pairs_of(example, ANSWER, prediction=pointer, cutoff=cutoff) == pairs


@pytest.mark.parametrize(
    ("pointer", "answer", "reason"),
    [
        ("/score", ANSWER, "'score' is not there"),
        ("/verdicts/2/score", ANSWER, "'2' is not there"),
        ("/verdicts/-1", ANSWER, "is not there"),
        ("/verdicts", ANSWER, "expected a number"),
        ("/verdicts/*/score", ANSWER, "got 2 predictions, expected 1"),
        ("/x", {"x": "0.5"}, "expected a number"),
        ("/x", {"x": 10**400}, "expected a number"),
        ("/x", None, "is not there"),
    ],
)
def test_no_prediction(pointer: str, answer: object, reason: str) -> None:
    """Where it is not there, or is no number."""
    with pytest.raises(NoPrediction, match=reason):
        pairs_of(Example(request=None, labels=(1.0,), line=1), answer, prediction=pointer, cutoff=None)
