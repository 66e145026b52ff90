"""The lock's text is a function of the lock, and has a way back; any other bytes are findings."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from twinbuild.codec.lock import decode_lock, encode_lock, proven_text
from twinbuild.errors import InternalError, LockError, TwinbuildError
from twinbuild.model.digest import Digest
from twinbuild.model.lock import Lock, LockedSourceFile, LockedWheel, PythonEnvironment, ResolverPin, Target
from twinbuild.model.platform import SUPPORTED, Platform

QUICK = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
DIGESTS = st.binary(max_size=4).map(Digest.of)
NAMES = st.from_regex(r"[a-z][a-z0-9]{0,4}(-[a-z0-9]{1,3})?", fullmatch=True)
VERSIONS = st.tuples(*[st.integers(0, 40)] * 3).map(lambda parts: ".".join(map(str, parts)))


@st.composite
def wheels(draw: st.DrawFn) -> tuple[LockedWheel, ...]:
    """Some wheels, sorted by name."""
    found = []
    for name in sorted(draw(st.sets(NAMES, max_size=4))):
        version = draw(VERSIONS)
        found.append(
            LockedWheel(
                index=draw(st.sampled_from(["default", "internal"])),
                name=name,
                version=version,
                filename=f"{name.replace('-', '_')}-{version}-py3-none-any.whl",
                size=draw(st.integers(1, 2**53 - 1)),
                sha256=draw(DIGESTS),
                requires=tuple(sorted(draw(st.sets(NAMES, max_size=3)))),
                requested=draw(st.booleans()),
            )
        )
    return tuple(found)


@st.composite
def locks(draw: st.DrawFn) -> Lock:
    """A well-formed lock."""
    targets = {
        target.key: target
        for target in (
            Target(
                variant=draw(st.sampled_from(["cpu", "cuda12"])),
                platform=Platform.parse(draw(st.sampled_from(SUPPORTED))),
                python=PythonEnvironment(version="3.11.2", implementation="cp", glibc="2.36"),
                debs=(),
                wheels=draw(wheels()),
                test=draw(wheels()),
            )
            for _ in range(draw(st.integers(0, 3)))
        )
    }
    visible = st.characters(codec="utf-8", categories=("L", "N", "S"))
    paths = draw(st.sets(st.lists(st.text(visible, min_size=1, max_size=6), min_size=1, max_size=3).map("/".join)))
    return Lock(
        python_inputs=draw(DIGESTS),
        debian_inputs=draw(DIGESTS),
        artifact_inputs=draw(DIGESTS),
        source_inputs=draw(DIGESTS),
        resolver=ResolverPin(pip="25.3", pip_tools="7.5.2"),
        indexes=(),
        targets=tuple(targets[key] for key in sorted(targets)),
        artifacts=(),
        source=tuple(
            LockedSourceFile(
                path=path, size=draw(st.integers(0, 9)), sha256=draw(DIGESTS), executable=draw(st.booleans())
            )
            for path in sorted(paths)
        ),
    )


@QUICK
@given(locks())
def test_round_trip(lock: Lock) -> None:
    """decode(encode(lock)) == lock, and encoding again gives the same bytes."""
    content = encode_lock(lock)
    assert decode_lock(content) == lock
    assert encode_lock(decode_lock(content)) == content


HOSTILE = st.one_of(
    st.sampled_from(["", " ", "..", "a/../b", "\x00", "\n", "A", "\ud800", "é", "a" * 300, "-", "__proto__"]), st.text()
)


def _changed(lock: Lock, field: str, text: str) -> Lock:
    """The lock with that text in a field of its first wheel, or of its first file."""
    if field == "path":
        return replace(lock, source=(replace(lock.source[0], path=text), *lock.source[1:]))
    first, *rest = lock.targets
    if field == "variant":
        return replace(lock, targets=(replace(first, variant=text), *rest))
    value = (text,) if field == "requires" else text
    wheels = (replace(first.wheels[0], **{field: value}), *first.wheels[1:])  # type: ignore[arg-type]
    return replace(lock, targets=(replace(first, wheels=wheels), *rest))


@QUICK
@given(locks(), HOSTILE, st.sampled_from(["path", "variant", "index", "name", "version", "filename", "requires"]))
def test_what_is_written_can_be_read(lock: Lock, text: str, field: str) -> None:
    """Whatever a server says: a text that is given out is that very lock, every other one is refused (TB9003)."""
    assert proven_text(lock) == encode_lock(lock)
    if not lock.source or not lock.targets or not lock.targets[0].wheels:
        return
    try:
        changed = _changed(lock, field, text)
    except TwinbuildError:
        return  # the value itself refuses
    try:
        content = proven_text(changed)
    except InternalError as error:
        assert [finding.code for finding in error.findings] == ["TB9003"]  # noqa: PT017
        return
    assert decode_lock(content) == changed


@QUICK
@given(locks(), st.data())
def test_damage_is_found(lock: Lock, data: st.DataObject) -> None:
    """A damaged lock is refused, or it is another lock whose own text comes back: never another exception."""
    content = encode_lock(lock)
    start = data.draw(st.integers(0, len(content)))
    damaged = content[:start] + data.draw(st.binary(max_size=8)) + content[start + data.draw(st.integers(0, 20)) :]
    try:
        other = decode_lock(damaged)
    except LockError:
        return
    assert decode_lock(encode_lock(other)) == other


@QUICK
@given(st.binary(max_size=200))
def test_any_bytes(content: bytes) -> None:
    """A few hundred bytes of anything are no lock, and are refused as such."""
    with pytest.raises(LockError):
        decode_lock(content)
