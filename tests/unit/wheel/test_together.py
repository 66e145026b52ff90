from __future__ import annotations

import io

import pytest

from twinbuild.errors import BuildError
from twinbuild.wheel.contents import Wheel, open_wheel
from twinbuild.wheel.layout import Layout
from twinbuild.wheel.together import Shared, check_together
from unit.wheel.making import project_wheel

LAYOUT = Layout(prefix="opt/venv", python="3.11")
SITE = "opt/venv/lib/python3.11/site-packages"


def chosen(project: str, files: dict[str, bytes], **more: bytes) -> Wheel:
    """A wheel of a project, version 1."""
    name, content = project_wheel(project, files, **more)
    return open_wheel(io.BytesIO(content), name)


def refusal(*wheels: Wheel) -> list[tuple[str, str]]:
    """Code and subject of each finding."""
    with pytest.raises(BuildError) as caught:
        check_together(wheels, LAYOUT)
    return [(finding.code, finding.where.subject) for finding in caught.value.findings]


def test_wheels_side_by_side() -> None:
    """Wheels that share nothing pass; shared paths with equal bytes are named."""
    assert check_together([chosen("one", {"one.py": b""}), chosen("two", {"two.py": b""})], LAYOUT) == ()
    shared = check_together([chosen("one", {"space.py": b"x"}), chosen("two", {"space.py": b"x"})], LAYOUT)
    assert shared == (Shared(path=f"{SITE}/space.py", projects=("one", "two")),)


def test_different_bytes_for_one_path() -> None:
    """All collisions are named, with both projects."""
    found = refusal(chosen("one", {"a.py": b"1", "b.py": b"1"}), chosen("two", {"a.py": b"2", "b.py": b"2"}))
    assert found == [("TB4110", f"{SITE}/a.py"), ("TB4110", f"{SITE}/b.py")]


def test_the_same_project_twice() -> None:
    """Two wheels of one project never go together."""
    name, content = project_wheel("one", {"a.py": b""})
    other = name.replace("-1-", "-1-2-")
    wheels = [open_wheel(io.BytesIO(content), filename) for filename in (name, other)]
    assert refusal(*wheels)[0] == ("TB4110", "")


def test_a_file_where_another_has_a_directory() -> None:
    """A path cannot be both."""
    assert refusal(chosen("one", {"a": b""}), chosen("two", {"a/b.py": b""})) == [("TB4110", f"{SITE}/a")]


def test_one_command_of_two_wheels() -> None:
    """Generated commands count: the same call is the same bytes, another is a collision."""
    same = b"[console_scripts]\nrun = app:main\n"
    first = chosen("one", {"one.py": b""}, entry_points=same)
    other = b"[console_scripts]\nrun = evil:main\n"
    assert refusal(first, chosen("two", {"two.py": b""}, entry_points=other)) == [("TB4110", "opt/venv/bin/run")]
    (shared,) = check_together([first, chosen("two", {"two.py": b""}, entry_points=same)], LAYOUT)
    assert shared.path == "opt/venv/bin/run"


def test_one_wheel_against_itself() -> None:
    """A wheel's data directory may not overwrite its own modules."""
    assert refusal(chosen("one", {"a.py": b"1", "one-1.data/purelib/a.py": b"2"})) == [("TB4110", f"{SITE}/a.py")]


@pytest.mark.parametrize(
    "path", ["data/pyvenv.cfg", "data/lib64", "data/lib64/x.py", "scripts/python", "scripts/python3.11", "data/lib"]
)
def test_the_environment_itself_is_out_of_reach(path: str) -> None:
    """A wheel may not replace the interpreter's links or the environment's configuration."""
    directory, _, rest = path.partition("/")
    target = f"opt/venv/{'bin/' if directory == 'scripts' else ''}{rest}"
    assert ("TB4114", target) in refusal(chosen("one", {f"one-1.data/{path}": b""}))


def test_a_command_named_like_the_interpreter() -> None:
    """Nor may an entry point."""
    points = b"[console_scripts]\npython = evil:main\n"
    assert refusal(chosen("one", {"one.py": b""}, entry_points=points)) == [("TB4114", "opt/venv/bin/python")]
