"""A Dockerfile that would need the network, or an input that no lock has, is refused line by line."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from twinbuild.render.hermetic import unhermetic

HEAD = "# written\nFROM scratch AS base\nADD base.tar /\nFROM base\n"


def lines(text: str, base: str = "") -> list[int]:
    """The lines that are objected to."""
    found = unhermetic(text, name="site.j2", base=base)
    assert {finding.code for finding in found} <= {"TB5231"}
    return [int(finding.message.split()[1]) for finding in found]


@pytest.mark.parametrize(
    "golden", sorted(Path(__file__).parent.glob("golden/*.Dockerfile")), ids=lambda path: path.stem
)
def test_our_own(golden: Path) -> None:
    """What the shipped template makes passes."""
    text = golden.read_text("utf-8")
    pinned = re.search(r"(?m)^FROM (\S+@\S+) AS base$", text)
    assert lines(text, pinned[1] if pinned else "") == []


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
        "RUN a \\\n\n  && b",
        "RUN\t--network=none\ttrue",
        'LABEL a="\x1b[0m\u00a0-- b"',
        "RUN echo \\\\",
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
        # Each of these BuildKit takes for something else than it looks like.
        "LABEL a=b\\\\\nADD https://evil.example/x /x",
        "ADD f \\\n\nLABEL https://evil.example/x /x/",
        "ADD f \\\r\nLABEL https://evil.example/x /x/",
        "ADD f \\\n\x1c# https://evil.example/x /x/",
        "COPY --fr\\\nom=evil.example/x /a /x",
        'COPY --fr"om"=evil.example/x /a /x',
        "RUN --mount=type=bind,FROM=evil.example/x,target=/x x",
        'RUN --mount=type=bind,fr"om"=evil.example/x,target=/x x',
        "RUN --mount=type=bind,from=base,from=evil.example/x,target=/x x",
        "RUN --mo\\unt=type=bind,from=evil.example/x,target=/x x",
        "RUN --mount=TYPE=cache,target=/x x",
        'ADD https:"//"evil.example/x /x',
        "ADD https:\\/\\/evil.example/x /x",
        'ADD ["https:\\u002f\\u002fevil.example/x", "/x"] z',
        'ADD ["https:\'//\'evil.example/x", "/x"]',
        "ADD root@evil.example:x.git /x",
        "ADD github.com/evil/x /x",
        "\ufeff# syntax=evil.example/x",
        '{"syntax": "evil.example/x"}',
    ],
)
def test_refused(line: str) -> None:
    """Each with the number of its line."""
    assert lines(HEAD + line + "\n")[0] in range(5, 6 + line.count("\n"))


def test_a_pinned_base() -> None:
    """The lock's image may be the base, and nothing else."""
    pinned = "registry.example/python@sha256:" + "0" * 64
    assert lines(f"FROM {pinned} AS base\nFROM base\n", pinned) == []
    assert lines(f"FROM {pinned} AS base\nFROM base\n", pinned.replace("python", "other")) == [1]
    assert lines(f"FROM {pinned} AS base\nFROM base\n") == [1]
    assert lines(f"FROM {pinned} AS tools\nFROM base\n", pinned) == [1, 2]


def test_all_at_once() -> None:
    """Every line is named."""
    assert lines(HEAD + "FROM a\nRUN --network=host x\n\nADD http://x /\n") == [5, 6, 8]
