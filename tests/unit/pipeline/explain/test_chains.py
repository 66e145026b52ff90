from __future__ import annotations

from twinbuild.pipeline.explain.chains import nearest, shortest_chains

_REQUIRES = {"a": ("b", "c"), "b": ("d",), "c": ("d", "a"), "d": ("e",), "e": (), "f": ("a", "e")}


def test_all_shortest() -> None:
    """Of each root every way that is shortest, and none that is longer; a cycle does no harm."""
    assert shortest_chains("d", _REQUIRES, {"a", "f"}) == (
        ("a", "b", "d"),
        ("a", "c", "d"),
        ("f", "a", "b", "d"),
        ("f", "a", "c", "d"),
    )
    assert shortest_chains("e", _REQUIRES, {"f", "d"}) == (("d", "e"), ("f", "e"))


def test_itself_and_nothing() -> None:
    """What was asked for is its own chain; what leads nowhere has none."""
    assert shortest_chains("a", _REQUIRES, {"a"}) == (("a",),)
    assert shortest_chains("f", _REQUIRES, {"a"}) == ()


def test_very_many() -> None:
    """A mesh with a million ways ends after a thousand."""
    mesh = {f"{level}{name}": (f"{level + 1}x", f"{level + 1}y") for level in range(20) for name in "xy"}
    mesh |= {"20x": ("end",), "20y": ("end",), "end": ()}
    assert len(shortest_chains("end", mesh, {"0x"})) == 1000


def test_nearest() -> None:
    """Names that are written nearly so, then those that hold it."""
    assert nearest("nmpy", {"numpy", "scipy", "libc6"})[0] == "numpy"
    assert set(nearest("ssl", {"libssl3", "openssl", "numpy"})) == {"openssl", "libssl3"}
    assert nearest("zzz", {"numpy"}) == ()
