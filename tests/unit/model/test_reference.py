"""References to images, as Docker reads them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twinbuild.errors import UsageError
from twinbuild.model.digest import Digest
from twinbuild.model.reference import ImageReference, PinnedReference

D = Digest.of(b"x")


@pytest.mark.parametrize(
    ("text", "full"),
    [
        ("python:3.12-slim", "docker.io/library/python:3.12-slim"),
        ("python", "docker.io/library/python"),
        ("team/model:1", "docker.io/team/model:1"),
        ("docker.io/python", "docker.io/library/python"),
        ("index.docker.io/library/python", "docker.io/library/python"),
        ("registry-1.docker.io/team/model", "docker.io/team/model"),
        ("localhost/model", "localhost/model"),
        ("localhost:5000/model:1", "localhost:5000/model:1"),
        ("registry.example/model", "registry.example/model"),
        ("Registry.Example/team/model:V1", "registry.example/team/model:V1"),
        ("r.example:5000/a/b/c:x@" + str(D), "r.example:5000/a/b/c:x@" + str(D)),
        (f"python@{D}", f"docker.io/library/python@{D}"),
        ("[::1]:5000/model", "[::1]:5000/model"),
    ],
)
def test_normal_form(text: str, full: str) -> None:
    """Docker's defaults are written out, and the full form means itself."""
    reference = ImageReference.parse(text)
    assert str(reference) == full
    assert ImageReference.parse(full) == reference


@pytest.mark.parametrize(
    "text",
    ["", ":", "@", "/", "Python", "python:", "a//b", "a/../b", "-a", "python:a b", "python:" + "t" * 129, "a" * 256,
     "r.example:0/a", "r.example:70000/a", "r.example:/a", "python@sha256:12", f"python@sha512:{D.hex}",
     "https://r.example/a", "user:pw@r.example/a", "r.example/a\n", "r.example/A", "r.example/a?x", "r.example/",
     "[::1/a", "r_e.example/a", "a:b:c"],
)  # fmt: skip
def test_refused(text: str) -> None:
    """RG-01: TB3201 for what is no reference."""
    with pytest.raises(UsageError) as caught:
        ImageReference.parse(text)
    assert caught.value.findings[0].code == "TB3201"


def test_a_password_is_not_repeated() -> None:
    """Somebody who writes credentials before the host does not find them in a log."""
    with pytest.raises(UsageError) as caught:
        ImageReference.parse("me:hunter22@r.example/a")
    assert "hunter22" not in str(caught.value)


def test_pinned() -> None:
    """A pinned reference has a digest, always, and keeps its tag as a name."""
    pinned = ImageReference.parse("python:3.12").pinned(D)
    assert str(pinned) == f"docker.io/library/python:3.12@{D}"
    assert PinnedReference.parse(str(pinned)) == pinned
    assert pinned.unpinned().named == str(D)
    assert pinned.member(Digest.of(b"y")).digest == Digest.of(b"y")
    with pytest.raises(UsageError, match="TB3201"):
        PinnedReference.parse("python:3.12")


def test_what_is_asked_for() -> None:
    """The digest, else the tag, else latest."""
    assert ImageReference.parse("a").named == "latest"
    assert ImageReference.parse("a:1").named == "1"
    assert ImageReference.parse(f"a:1@{D}").named == str(D)
    assert str(ImageReference.parse(f"a:1@{D}").tagged("2")) == "docker.io/library/a:2"


_PART = st.from_regex(r"\A[a-z0-9]{1,8}([._-][a-z0-9]{1,4})?\Z")


@given(
    st.sampled_from(["docker.io", "r.example", "localhost:5000", "127.0.0.1"]),
    st.lists(_PART, min_size=2, max_size=4),
    st.one_of(st.just(""), st.from_regex(r"\A[A-Za-z0-9_][A-Za-z0-9._-]{0,20}\Z")),
    st.one_of(st.none(), st.binary(max_size=4).map(Digest.of)),
)
def test_round_trip(registry: str, parts: list[str], tag: str, digest: Digest | None) -> None:
    """``parse(str(value)) == value`` for every value."""
    value = ImageReference(registry=registry, repository="/".join(parts), tag=tag, digest=digest)
    assert ImageReference.parse(str(value)) == value
