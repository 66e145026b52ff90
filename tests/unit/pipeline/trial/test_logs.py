"""All that was printed, to its end."""

from __future__ import annotations

from pathlib import Path

import pytest

from fakes.services import service
from twinbuild.pipeline.trial.logs import log_findings
from twinbuild.pipeline.trial.traces import STAND_IN_RELEASE

SECTION = "  golden: []\nobservability:\n  logs: {format: json, fields: [image, release], optional: [message]}\n"
GOOD = f'{{"image": "sha256:7", "release": "{STAND_IN_RELEASE}"}}\n'.encode()


@pytest.mark.parametrize(
    ("output", "words"),
    [
        (b"", []),
        (GOOD * 2, []),
        (GOOD + b"Traceback\n" * 5, ["line 2", "line 3", "line 4"]),
        (GOOD + b"Traceback", ["line 2 of the log is not as declared: it has no end; it is: Traceback"]),
        (GOOD + GOOD[:-1], ["it has no end"]),
        (GOOD + GOOD.replace(b"sha256:7", b"sha256:8"), ["image is 'sha256:8', expected sha256:7"]),
        (GOOD + GOOD.replace(b"release", b"releases"), ["lacks the field 'release'"]),
    ],
)
def test_lines(tmp_path: Path, output: bytes, words: list[str]) -> None:
    """Three faults at most; a last line without an end is one."""
    project = service(tmp_path, "", SECTION).project
    found = list(log_findings(project, output, "sha256:7"))
    assert [word in each.message for word, each in zip(words, found, strict=True)] == [True] * len(words)
    assert all(each.where.pointer == "/observability/logs" for each in found)


def test_more_than_is_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is said."""
    monkeypatch.setattr("twinbuild.pipeline.trial.logs.LARGEST_OUTPUT", len(GOOD))
    (finding,) = log_findings(service(tmp_path, "", SECTION).project, GOOD, "sha256:7")
    assert finding.code == "TB7405"
    assert "printed more than the" in finding.message


def test_text_and_nothing_declared(tmp_path: Path) -> None:
    """Nothing is wrong with these."""
    for number, section in enumerate(
        (
            SECTION.replace("json", "text").replace(", fields: [image, release], optional: [message]", ""),
            "  golden: []\n",
        )
    ):
        project = service(tmp_path / str(number), "", section).project
        assert list(log_findings(project, b"any\nthing", "")) == []
