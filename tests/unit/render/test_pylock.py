"""The standard lock format, as other tools read it."""

from __future__ import annotations

import tomllib

import pytest
from packaging.pylock import Pylock
from packaging.tags import Tag, parse_tag

from twinbuild.errors import InternalError
from twinbuild.model.digest import Digest
from twinbuild.model.lock import LockedWheel, PythonEnvironment, Target
from twinbuild.model.platform import Platform
from twinbuild.render.pylock import render_pylock
from twinbuild.wheel.tags import marker_environment, supported_tags


def locked(name: str, tag: str, *, requires: tuple[str, ...] = (), index: str = "default") -> LockedWheel:
    """A wheel whose digest is that of its name."""
    return LockedWheel(
        index=index,
        name=name,
        version="1.0",
        filename=f"{name}-1.0-{tag}.whl",
        size=12,
        sha256=Digest.of(name.encode()),
        requires=requires,
        requested=not requires,
    )


WHEELS = (
    locked("native", "cp311-cp311-manylinux_2_28_aarch64", requires=("pure",), index="internal"),
    locked("pure", "py3-none-any"),
)
TARGET = Target(
    variant="cpu",
    platform=Platform.parse("linux/arm64"),
    python=PythonEnvironment(version="3.11.2", implementation="cp", glibc="2.36"),
    debs=(),
    wheels=WHEELS,
)


def test_text() -> None:
    """Every field of an entry; no address anywhere."""
    text = render_pylock(TARGET, WHEELS[::-1])
    document = tomllib.loads(text)
    assert "://" not in text
    assert document["packages"][0] == {
        "name": "native",
        "version": "1.0",
        "dependencies": [{"name": "pure"}],
        "wheels": [
            {
                "name": WHEELS[0].filename,
                "path": f"wheels/{WHEELS[0].filename}",
                "size": 12,
                "hashes": {"sha256": WHEELS[0].sha256.hex},
            }
        ],
        "tool": {"twinbuild": {"index": "internal", "requested": False}},
    }
    assert document["requires-python"] == "==3.11.*"
    assert render_pylock(TARGET, WHEELS) == text


def test_another_tool_selects_the_same_wheels() -> None:
    """``packaging.pylock`` picks every wheel on the target, and refuses the file elsewhere."""
    lock = Pylock.from_dict(tomllib.loads(render_pylock(TARGET, WHEELS, directory="../store")))
    tags: list[Tag] = [tag for text in supported_tags(TARGET.python, TARGET.platform) for tag in parse_tag(text)]
    environment = marker_environment(TARGET.python, TARGET.platform)
    selected = lock.select(environment=environment, tags=tags)  # type: ignore[arg-type]
    assert [(package.name, artifact.path) for package, artifact in selected] == [  # type: ignore[union-attr]
        (each.name, f"../store/{each.filename}") for each in WHEELS
    ]
    other = {**environment, "platform_machine": "x86_64"}
    with pytest.raises(Exception, match=r"[Ee]nvironment"):
        list(lock.select(environment=other, tags=tags))  # type: ignore[arg-type]


def test_an_invalid_file_is_never_written() -> None:
    """A name that the format forbids is our defect, told as such."""
    with pytest.raises(InternalError) as caught:
        render_pylock(TARGET, (locked("Not_Normal", "py3-none-any"),))
    assert caught.value.findings[0].code == "TB2047"
