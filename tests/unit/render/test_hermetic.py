"""A Dockerfile that would need the network, or an input that no lock has, is refused line by line."""

from __future__ import annotations

from pathlib import Path

import pytest

from twinbuild.render.hermetic import unhermetic

HEAD = "# written\nFROM scratch AS base\nADD base.tar /\nFROM base\n"


def lines(text: str) -> list[int]:
    """The lines that are objected to."""
    found = unhermetic(text, name="site.j2")
    assert {finding.code for finding in found} <= {"TB5231"}
    return [int(finding.message.split()[1]) for finding in found]


@pytest.mark.parametrize(
    "golden", sorted(Path(__file__).parent.glob("golden/*.Dockerfile")), ids=lambda path: path.stem
)
def test_our_own(golden: Path) -> None:
    """What the shipped template makes passes."""
    assert lines(golden.read_text("utf-8")) == []


@pytest.mark.parametrize(
    "line",
    [
        'RUN ["true"]',
        "RUN --network=none true",
        "RUN --mount=type=bind,source=wheels,target=/w --mount=type=tmpfs,target=/t x",
        "RUN --mount=type=bind,from=base,target=/b x",
        "COPY --chown=1:2 a b /",
        "COPY --from=base /etc/os-release /",
        'ADD ["a b.tar", "/"]',
        "FROM base AS other",
        "# a comment about syntax and # escape",
        'RUN ["echo", "<<EOF"]',
        'LABEL a="http://x"',
        "RUN a \\\n  # in between\n  && b",
    ],
)
def test_allowed(line: str) -> None:
    """Local files, stages of the file, and steps without more."""
    assert lines(HEAD + line + "\n") == []


@pytest.mark.parametrize(
    "line",
    [
        "# syntax=docker/dockerfile:1",
        "#SYNTAX = evil",
        "// syntax=evil",
        "# escape=`",
        "FROM python:3.12",
        "FROM --platform=linux/arm64 base",
        "FROM $BASE",
        "FROM python@sha256:" + "0" * 64,
        "ADD http://evil.example/x /",
        "ADD https://evil.example/x /",
        "ADD git@evil.example:x /",
        "ADD $URL /",
        'ADD ["http://evil.example/x", "/"]',
        "COPY --from=evil.example/image /x /",
        "COPY --from=0 /x /",
        "RUN --network=host curl",
        "RUN --network=default curl",
        "RUN --security=insecure x",
        "RUN --mount=type=cache,target=/c x",
        "RUN --mount=type=secret,id=s x",
        "RUN --mount=type=ssh x",
        "RUN --mount=from=evil,target=/x x",
        "RUN --mount=type=bind,from=evil,target=/x x",
        "RUN <<EOF\nx\nEOF",
        "COPY <<EOF /x\ny\nEOF",
        "ONBUILD RUN x",
        "MAINTAINER x",
        "run --network=host curl",
        "RUN \\\n  --network=host curl",
    ],
)
def test_refused(line: str) -> None:
    """Each with the number of its line."""
    assert lines(HEAD + line + "\n")[0] == 5


def test_a_pinned_base() -> None:
    """An image by digest may be the base, and nothing else."""
    pinned = "registry.example/python@sha256:" + "0" * 64
    assert lines(f"FROM {pinned} AS base\nFROM base\n") == []
    assert lines(f"FROM {pinned} AS tools\nFROM base\n") == [1, 2]


def test_all_at_once() -> None:
    """Every line is named."""
    assert lines(HEAD + "FROM a\nRUN --network=host x\n\nADD http://x /\n") == [5, 6, 8]
