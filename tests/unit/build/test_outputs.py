"""What a step left, against what it declares: beside the real runs of test_steps, what a shell cannot easily make."""

from __future__ import annotations

from typing import Any

import pytest

from twinbuild.build.outputs import checked_outputs, places, settled
from twinbuild.codec.untar import Kind, Member
from twinbuild.errors import BuildError
from twinbuild.model.plan import StepOutput, StepRecipe
from twinbuild.model.tree import BytesContent, Directory, Entry, File, Hardlink
from twinbuild.oci.stack import Stack

FIELDS: dict[str, Any] = {"root": (), "files": (), "steps": (), "environment": (), "base": ()}


def recipe(*outputs: str) -> StepRecipe:
    """A step with these outputs; one with a slash at its end is a directory."""
    return StepRecipe(
        step="demo",
        runner="step/1",
        command=("x",),
        directory="/work",
        uid=1,
        gid=1,
        outputs=tuple(StepOutput(path=path.rstrip("/"), directory=path.endswith("/")) for path in outputs),
        timeout=1,
        memory=1,
        space=64,
        processes=1,
        fixed_clock=False,
        **FIELDS,
    )


def stack(**kinds: Kind) -> Stack:
    """A root with these paths; modes are 0711, owners 5:6."""
    found = Stack()
    members = [
        Member(
            path=path.replace("__", "/"),
            kind=kind,
            mode=0o711,
            uid=5,
            gid=6,
            user="",
            group="",
            mtime=0,
            size=0,
            target="",
            attributes=(),
            offset=0,
        )
        for path, kind in kinds.items()
    ]
    found.add(0, members, subject="root")
    return found


def file(path: str, mode: int = 0o600) -> File:
    """A file of one byte."""
    return File(path=path, content=BytesContent(b"x"), mode=mode)


def refused(step: StepRecipe, entries: list[Entry], root: Stack) -> list[tuple[str, str]]:
    """Code and message of every finding."""
    with pytest.raises(BuildError) as caught:
        checked_outputs(step, entries, root)
    return [(finding.code, finding.message) for finding in caught.value.findings]


def test_places() -> None:
    """What lies above an output is there, and a directory itself."""
    assert places(recipe("a/b/c", "a/d/", "e/f")) == ("a", "a/b", "a/d", "e")


def test_directories_that_the_root_has() -> None:
    """They keep their mode and owner: a layer must not change them. Others are root's."""
    made = checked_outputs(
        recipe("var/lib/x"),
        [Directory(path="var", mode=0o700), Directory(path="var/lib", mode=0o700), file("var/lib/x", 0o4755)],
        stack(var=Kind.DIRECTORY),
    )
    assert [(entry.path, entry.mode, entry.uid) for entry in made if not isinstance(entry, Hardlink)] == [
        ("var", 0o711, 5),
        ("var/lib", 0o755, 0),
        ("var/lib/x", 0o755, 0),
    ]


def test_every_difference_is_named() -> None:
    """All at once: what is more, what is missing, what would replace a file."""
    found = refused(
        recipe("a/x", "a/y", "b/"),
        [Directory(path="a"), file("a/x"), file("a/z"), Directory(path="b"), file("b/c")],
        stack(b__c=Kind.FILE),
    )
    assert [code for code, _ in found] == ["TB5310", "TB5309", "TB5311"]
    assert [path for (_, message), path in zip(found, ("a/z", "/a/y", "/b/c"), strict=True) if path in message] == [
        *("a/z", "/a/y", "/b/c")
    ]


def test_a_link_of_the_root_above_an_output() -> None:
    """An output below a link would take the link's place in the image."""
    found = refused(recipe("lib/x"), [Directory(path="lib"), file("lib/x")], stack(lib=Kind.SYMLINK))
    assert [code for code, _ in found] == ["TB5311"]


def test_hard_links() -> None:
    """They stay; a file that has another name is a file."""
    link = Hardlink(path="a/y", target="a/x")
    assert settled(link) == link
    assert len(checked_outputs(recipe("a/x", "a/y"), [Directory(path="a"), file("a/x"), link], Stack())) == 3
