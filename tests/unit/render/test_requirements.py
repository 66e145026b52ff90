"""Locks as requirements text: what is written, and what an edited text may do without being noticed: nothing."""

from __future__ import annotations

import random
import time

import pytest

from twinbuild.model.digest import Digest
from twinbuild.model.lock import LockedWheel, PythonEnvironment, ResolverPin, Target
from twinbuild.model.platform import Platform
from twinbuild.render.requirements import check_requirements, render_requirements

PIN = ResolverPin(pip="26.3", pip_tools="7.6.2")


def locked(
    name: str, version: str = "1.0", *, requires: tuple[str, ...] = (), requested: bool = False, index: str = "default"
) -> LockedWheel:
    """A wheel whose digest is that of its name."""
    return LockedWheel(
        index=index,
        name=name,
        version=version,
        filename=f"{name.replace('-', '_')}-{version}-py3-none-any.whl",
        size=10,
        sha256=Digest.of(name.encode()),
        requires=requires,
        requested=requested,
    )


WHEELS = (
    locked("app", requires=("foo-bar", "lib"), requested=True),
    locked("foo-bar", "2.0+cpu", requires=("lib",)),
    locked("lib", requested=True, index="internal"),
)
TARGET = Target(
    variant="cpu",
    platform=Platform.parse("linux/amd64"),
    python=PythonEnvironment(version="3.11.2", implementation="cp", glibc="2.36"),
    debs=(),
    wheels=WHEELS,
)
APP, FOO, LIB = (each.sha256.hex for each in WHEELS)
TEXT = f"""\
# cpu-linux-amd64: CPython 3.11 on x86_64, glibc 2.36 or newer
# chosen by pip 26.3 and pip-tools 7.6.2; written by twinbuild, don't edit
app==1.0 \\
    --hash=sha256:{APP}
    # via the spec
foo-bar==2.0+cpu \\
    --hash=sha256:{FOO}
    # via app
lib==1.0 \\
    --hash=sha256:{LIB}
    # via the spec, app, foo-bar
    # from the index internal
"""


def codes(content: str | bytes) -> list[tuple[str, int]]:
    """Codes and lines of the findings of a text."""
    raw = content.encode() if isinstance(content, str) else content
    return [(each.code, each.where.line) for each in check_requirements(raw, WHEELS, file="cpu.txt")]


def test_text() -> None:
    """The whole text, to the byte; the order of the wheels has no part in it."""
    assert render_requirements(TARGET, WHEELS, resolver=PIN) == TEXT
    assert render_requirements(TARGET, WHEELS[::-1], resolver=PIN) == TEXT


def test_the_text_agrees_with_its_lock() -> None:
    """What is rendered passes, with or without comments, wrapped or not."""
    assert codes(TEXT) == []
    assert codes("".join(line + "\n" for line in TEXT.replace("\\\n", "").splitlines() if "#" not in line)) == []
    assert check_requirements(render_requirements(TARGET, (), resolver=PIN).encode(), (), file="x") == ()


@pytest.mark.parametrize(
    ("old", "new", "code", "line"),
    [
        # LK-01: no hash, wrong hash, short hash, another algorithm
        (f" \\\n    --hash=sha256:{APP}", "", "TB2055", 3),
        (APP, LIB, "TB2058", 3),
        (APP, APP[:40], "TB2055", 3),
        (f"sha256:{APP}", "md5:" + "0" * 32, "TB2055", 3),
        (f"sha256:{APP}", "sha1:" + "0" * 40, "TB2055", 3),
        (f"sha256:{APP}", "sha512:" + "0" * 128, "TB2055", 3),
        # LK-02: upper-case hexadecimal
        (APP, APP.upper(), "TB2055", 3),
        # LK-03: not an exact version
        ("app==1.0", "app>=1.0", "TB2054", 3),
        ("app==1.0", "app==1.*", "TB2054", 3),
        ("app==1.0", "app===1.0", "TB2054", 3),
        ("app==1.0", "app==1.0,<2", "TB2054", 3),
        ("app==1.0", "app", "TB2054", 3),
        ("app==1.0", "app~=1.0", "TB2054", 3),
        ("app==1.0", "app==1.0; python_version > '3'", "TB2054", 3),
        ("app==1.0", "app[extra]==1.0", "TB2054", 3),
        # LK-04, LK-05: one project twice, in whatever spelling
        ("lib==1.0", f"app==1.1 --hash=sha256:{FOO}\nlib==1.0", "TB2056", 9),
        ("foo-bar==", f"foo_bar==1.0 --hash=sha256:{FOO}\nfoo-bar==", "TB2054", 6),
        ("foo-bar==", "Foo.Bar==", "TB2054", 6),
        # LK-06: options
        ("app==1.0", "--extra-index-url https://index.example/simple\napp==1.0", "TB2053", 3),
        ("app==1.0", "--pre\napp==1.0", "TB2051", 3),
        ("app==1.0", "--trusted-host index.example\napp==1.0", "TB2051", 3),
        ("app==1.0", "--find-links links\napp==1.0", "TB2051", 3),
        ("app==1.0", "-f links\napp==1.0", "TB2051", 3),
        ("app==1.0", "--no-binary :all:\napp==1.0", "TB2051", 3),
        ("app==1.0", "app==1.0 --config-settings x=y", "TB2051", 3),
        ("app==1.0", "app==1.0 --global-option=x", "TB2051", 3),
        # LK-07: variables
        ("app==1.0", "app==${VERSION}", "TB2052", 3),
        # LK-08: references
        ("app==1.0", "-r other.txt\napp==1.0", "TB2053", 3),
        ("app==1.0", "-c other.txt\napp==1.0", "TB2053", 3),
        ("app==1.0", "-e .\napp==1.0", "TB2053", 3),
        ("app==1.0", "--requirement=other.txt\napp==1.0", "TB2053", 3),
        ("app==1.0", "./app\napp==1.0", "TB2053", 3),
        ("app==1.0", "app @ file:///app", "TB2053", 3),
        ("app==1.0", "git+ssh://host.example/app\napp==1.0", "TB2053", 3),
        ("app==1.0", "https://host.example/app.whl#sha256=0\napp==1.0", "TB2053", 3),
        # LK-10: a project that nobody requires
        ("lib==1.0", f"more==1.0 --hash=sha256:{FOO}\nlib==1.0", "TB2057", 9),
        # LK-12: several hashes
        (f"--hash=sha256:{APP}", f"--hash=sha256:{APP} --hash=sha256:{LIB}", "TB2055", 3),
        # LK-14: credentials
        ("app==1.0", "--index-url https://me:s3cret@index.example/simple\napp==1.0", "TB2059", 3),
        # LK-15: another version than the lock's
        ("app==1.0", "app==1.1", "TB2058", 3),
        # LK-17: text that is none
        ("app==1.0", "<<<<<<< HEAD\napp==1.0", "TB2050", 3),
        ("app==1.0", "=======\napp==1.0", "TB2050", 3),
        ("app==1.0", ">>>>>>> other\napp==1.0", "TB2050", 3),
        ("app==1.0", "app==1.0\0", "TB2050", 3),
        ("app==1.0", "app==1.0\r", "TB2050", 3),
        ("    # from the index internal\n", "lib \\", "TB2054", 12),
    ],
)
def test_edited(old: str, new: str, code: str, line: int) -> None:
    """Each edit is found, by its code and in its line."""
    assert old in TEXT
    assert (code, line) in codes(TEXT.replace(old, new, 1))


def test_missing_projects() -> None:
    """LK-09, LK-11: an empty file and one without a project say what they lack."""
    (finding,) = check_requirements(b"", WHEELS, file="cpu.txt")
    assert finding.code == "TB2057"
    assert "0 projects, the lock 3; missing: app, foo-bar, lib" in finding.message
    assert codes(TEXT.replace(f"app==1.0 \\\n    --hash=sha256:{APP}\n", "")) == [("TB2057", 0)]


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (TEXT.encode("utf-16"), 1),
        (b"\xef\xbb\xbf" + TEXT.encode(), 1),
        (TEXT.replace("\n", "\r").encode(), 1),
        (TEXT.replace("\n", "\r\n").encode(), 1),
        (TEXT.encode() + b"# \xff\n", 13),
    ],
)
def test_other_encodings(content: bytes, line: int) -> None:
    """LK-17: only UTF-8 with LF line ends is read."""
    assert codes(content) == [("TB2050", line)]


def test_credentials_are_masked() -> None:
    """LK-14: the line is shown without them."""
    edited = TEXT.replace("app==1.0", "-i https://me:s3cret@index.example/simple\napp==1.0")
    (finding,) = check_requirements(edited.encode(), WHEELS, file="cpu.txt")
    assert finding.where.excerpt == "-i https://***@index.example/simple"
    assert "s3cret" not in repr(finding)


def test_a_lock_of_200_000_lines() -> None:
    """LK-23: time grows with the lines, not with their square."""
    wheels = tuple(locked(f"p{n}") for n in range(66_000))
    text = render_requirements(TARGET, wheels, resolver=PIN).encode()
    start = time.process_time()
    assert check_requirements(text, wheels, file="x") == ()
    assert time.process_time() - start < 30


def test_noise_never_escapes_as_another_exception() -> None:
    """Random edits give findings or nothing, never a crash."""
    source = random.Random(7)
    for _ in range(500):
        raw = bytearray(TEXT.encode())
        for _ in range(source.randrange(1, 6)):
            raw[source.randrange(len(raw))] = source.randrange(256)
        for finding in check_requirements(bytes(raw), WHEELS, file="cpu.txt"):
            assert finding.code.startswith("TB205")
