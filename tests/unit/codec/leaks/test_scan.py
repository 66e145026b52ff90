"""``codec.leaks.scan``: the same is found however a stream is cut; fingerprints."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path

import pytest

from fakes.leaks import leaks
from twinbuild.codec.leaks import scan
from twinbuild.codec.leaks.scan import MOST, WINDOW, find_leaks, leaks_of_stream

ROOT = Path(__file__).resolve().parents[4]
SEED = 20261126


def _cut(content: bytes, size: int) -> Iterator[bytes]:
    return (content[start : start + size] for start in range(0, len(content), size))


@pytest.mark.parametrize("size", [1, 7, 4096, WINDOW - 1, 3 * WINDOW])
def test_cuts(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    """Small and large chunks, secrets across the edges of windows, each told once and with its line."""
    monkeypatch.setattr(scan, "WINDOW", 64 << 10)
    texts = [leaks(SEED)[name][2].encode() for name in ("GitHub", "RSA", "Stripe", "npm")]
    parts = []
    for number, text in enumerate(texts):
        parts.append(b"a line\n" * (9_360 + number) + text + b"\n")
    content = b"".join(parts) if size > 1 else b"".join(parts)[: 70 << 10]
    expected = []
    for text in texts:
        position = content.find(text)
        if position >= 0:
            expected.append(content.count(b"\n", 0, position) + 1)
    assert [leak.line for leak in leaks_of_stream(_cut(content, size), "a")] == expected


@pytest.mark.parametrize("name", ["GitHub", "RSA"])
def test_edges(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """One that stands across the edge of a window is told once, and as it is: not cut, nor from its middle."""
    monkeypatch.setattr(scan, "WINDOW", 64 << 10)
    monkeypatch.setattr(scan, "_fingerprint", lambda kind, path, secret: secret.hex())
    text = leaks(SEED)[name][2].encode()
    (alone,) = find_leaks(text, "a")
    for edge in (64 << 10, 40 << 10, (40 << 10) + 64):
        for cut in {*range(0, len(text), max(len(text) // 6, 1)), len(text) - 2, len(text) - 1, len(text)}:
            content = b" " * (edge - cut) + text + b" " * (128 << 10)
            assert find_leaks(content, "a") == (alone,), (edge, cut)


def test_from_its_middle(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is no token because of the word before it is none where a window begins after that word either."""
    monkeypatch.setattr(scan, "WINDOW", 64 << 10)
    text = leaks(SEED)["GitHub"][2]
    token = text[text.index("ghp_") :].encode()
    assert len(find_leaks(b" " * (40 << 10) + token + b" " * (64 << 10), "a")) == 1
    assert find_leaks(b"x" * (40 << 10) + token + b" " * (64 << 10), "a") == ()


def test_long_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """In base64 that is longer than a window, wherever the window cuts it."""
    monkeypatch.setattr(scan, "WINDOW", 64 << 10)
    text = leaks(SEED)["GitHub"][2].encode()
    for before in range(4):
        content = b" " * before + base64.b64encode(b"a line\n" * 9400 + text + b"\n")
        assert [leak.kind for leak in find_leaks(content, "a")] == ["github-token"], before


def test_run_across_an_edge(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run of base64 that the next window has whole is told of that alone: of the half of it a token would be half."""
    monkeypatch.setattr(scan, "WINDOW", 64 << 10)
    monkeypatch.setattr(scan, "_fingerprint", lambda kind, path, secret: secret.hex())
    token = leaks(SEED)["GitLab"][2].strip("'\"\n ")[-26:] + "k7Qp2xLm9vRt4sWz8nBcQ1"
    run = base64.b64encode(f"this is one line\n{token}\n".encode())
    (alone,) = find_leaks(run, "a")
    for cut in range(0, len(run), 3):
        content = b" " * ((64 << 10) - cut) + run + b" " * 100
        assert find_leaks(content, "a") == (alone,), cut


def test_kinds_that_are_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Any number of them hides nothing."""
    monkeypatch.setattr(scan, "_fingerprint", lambda *_: "0" * 32)
    keys, token = [leaks(seed)["RSA"][2] for seed in range(2 * MOST + 5)], leaks(SEED)["GitHub"][2]
    content = "\n".join([*keys, token]).encode()
    assert [each.kind for each in leaks_of_stream(iter((content,)), "a", but=frozenset({"private-key"}))] == [
        "github-token"
    ]


def test_fingerprint() -> None:
    """The same for the same value and place, another one else; it tells nothing of the value."""
    text = leaks(SEED)["GitHub"][2]
    (one,), (again,) = find_leaks(text.encode(), "a"), find_leaks(f"\n\n  {text}".encode(), "a")
    (elsewhere,), (other,) = find_leaks(text.encode(), "b"), find_leaks(leaks(SEED + 1)["GitHub"][2].encode(), "a")
    assert one.fingerprint == again.fingerprint
    assert len({one.fingerprint, elsewhere.fingerprint, other.fingerprint}) == 3
    assert (one.line, again.line) == (1, 3)


def test_once() -> None:
    """A value that stands there often is told once; a specific form goes before a general one."""
    text = leaks(SEED)["PyPI"][2]
    assert [leak.kind for leak in find_leaks((text + "\n").encode() * 5, ".pypirc")] == ["pypi-token"]


def test_one_that_stands_there_often_hides_no_other() -> None:
    """A token of fixtures, once in each of a thousand lines, and a private key after it."""
    often, other = leaks(SEED)["GitHub"][2], leaks(SEED)["RSA"][2]
    found = find_leaks("\n".join([*[often] * 1000, other]).encode(), "a")
    assert [leak.kind for leak in found] == ["github-token", "private-key"]


def test_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a file of nothing else the first ones are told."""
    monkeypatch.setattr(scan, "_fingerprint", lambda *_: "0" * 32)
    content = "\n".join(leaks(seed)["GitHub"][2] for seed in range(3 * MOST)).encode()
    assert len(find_leaks(content, "a")) == MOST


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "utf-16-le"])
def test_wide_characters(encoding: str) -> None:
    """A text as Windows' tools write it, with its mark and without."""
    size = 1 if encoding == "utf-16-be" else 4096
    text = f"this is line one\n{leaks(SEED)['GitHub'][2]}\n"
    content = f"\ufeff{text}".encode(encoding) if encoding == "utf-16-be" else text.encode(encoding)
    assert [(leak.kind, leak.line) for leak in leaks_of_stream(_cut(content, size), "a")] == [("github-token", 2)]


def test_encoded() -> None:
    """In base64 of either alphabet, whole or in lines, and in hexadecimal: by the line where it begins."""
    text = f"user: ada\n{leaks(SEED)['GitHub'][2]}\nmore: {'~?>' * 20}\n".encode()
    for encoded in (
        base64.b64encode(text),
        base64.urlsafe_b64encode(text).rstrip(b"="),
        base64.encodebytes(text),
        text.hex().encode(),
    ):
        found = find_leaks(b"one\nvalue: " + encoded + b"\nlast\n", "a")
        assert [(leak.kind, leak.line) for leak in found] == [("github-token", 2)], encoded
    (kind, path, plain) = leaks(SEED)["kubeconfig"]
    assert [leak.kind for leak in find_leaks(plain.encode(), path)] == [kind]


def test_empty() -> None:
    """Nothing in nothing."""
    assert find_leaks(b"", "a") == ()
    assert leaks_of_stream(iter(()), "a") == ()


def _published() -> list[Path]:
    """What people start from: the examples with the models that lie in them, the templates of families, the docs."""
    places = (ROOT / "examples", ROOT / "templates", ROOT / "docs")
    found = (path for place in places for path in place.rglob("*") if path.is_file() and not path.is_symlink())
    return [path for path in found if "dist" not in path.parts and path.stat().st_size < 4 << 20]


def test_no_false_alarm() -> None:
    """Nothing is found in the examples, their models and lock files, in any family, and in the manual."""
    files = _published()
    assert len(files) > 150
    found = [leak for path in files for leak in find_leaks(path.read_bytes(), str(path.relative_to(ROOT)))]
    assert found == []
