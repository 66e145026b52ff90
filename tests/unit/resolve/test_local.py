"""The application's tree: rules, confinement, one consistent reading, and the cheap second reading."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from twinbuild.errors import IntegrityError, SpecError, TwinbuildError
from twinbuild.model.digest import Digest
from twinbuild.model.lock import LockedSourceFile
from twinbuild.resolve.local import read_tree, tree_files
from twinbuild.store.memory import MemoryStore

LATER = 10_000_000_000  # ns: long after the files were written


def read(project: Path, *ignore: str, store: MemoryStore | None = None, now: int | None = None) -> list[str]:
    """Paths of the tree ``app``."""
    return [file.path for file in read_tree(str(project), "app", ignore, store or MemoryStore(), now=now)]


def codes(error: TwinbuildError) -> list[str]:
    """Codes of all findings, sorted."""
    return sorted(finding.code for finding in error.findings)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with a small application."""
    (tmp_path / "app/service").mkdir(parents=True)
    (tmp_path / "app/service/main.py").write_text("print(1)\n")
    (tmp_path / "app/run").write_text("#!/bin/sh\n")
    (tmp_path / "app/run").chmod(0o700)
    return tmp_path


def test_files_are_listed_and_stored(project: Path) -> None:
    """Files come sorted by path with size, digest and the executable bit, and their bytes are stored."""
    store = MemoryStore()
    run, main = read_tree(str(project), "app/", (), store)
    assert run == LockedSourceFile(path="run", size=10, sha256=Digest.of(b"#!/bin/sh\n"), executable=True)
    assert (main.path, main.executable) == ("service/main.py", False)
    assert store.read(main.sha256) == b"print(1)\n"
    assert [file.path for file in read_tree(str(project), ".", (), store)] == ["app/run", "app/service/main.py"]


def test_ignored_files(project: Path) -> None:
    """Defaults are always on, the spec's patterns come on top, and an ignored directory is not entered."""
    for name in (".git/config", "service/__pycache__/m.cpython-311.pyc", "a.pyc", ".DS_Store", "notes/a.md",
                 "notes/keep.md", "closed/x", ".env", "service/.env"):  # fmt: skip
        (project / "app" / name).parent.mkdir(parents=True, exist_ok=True)
        (project / "app" / name).write_text("x")
    os.mkfifo(project / "app/closed/pipe")
    expected = ["notes/keep.md", "run", "service/main.py"]
    patterns = ("notes/*", "!notes/keep.md", "/closed/", "!*.pyc", "!.env")
    assert read(project, *patterns) == expected
    assert [*tree_files(str(project), "app", patterns)] == expected  # without reading them
    with pytest.raises(SpecError, match="TB2303"):
        tree_files(str(project), "app", ())


def test_order_does_not_depend_on_creation(tmp_path: Path) -> None:
    """Two trees with the same files in another order of creation, mode and time give the same list."""
    names = ["b.py", "a.py", "c/z.py", "c/a.py", "c-a.py", "Ä.py"]
    for place, order in (("one", names), ("two", names[::-1])):
        for name in order:
            path = tmp_path / place / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(name)
            path.chmod(0o644 if place == "one" else 0o600)
            os.utime(path, (1, 1) if place == "one" else (2, 2))
    store = MemoryStore()
    assert read_tree(str(tmp_path / "one"), ".", (), store) == read_tree(str(tmp_path / "two"), ".", (), store)


def test_links(project: Path) -> None:
    """A link to a file inside is that file; links elsewhere are refused, all at once."""
    (project / "app/copy.py").symlink_to("service/main.py")
    store = MemoryStore()
    files = {file.path: file.sha256 for file in read_tree(str(project), "app", (), store)}
    assert files["copy.py"] == files["service/main.py"]
    (project / "secret").write_text("s")
    for name, target in {
        "out": "../secret", "absolute": str(project / "app/run"), "folder": "service", "dead": "nothing",
        "self": "self",
    }.items():  # fmt: skip
        (project / "app" / name).symlink_to(target)
    with pytest.raises(SpecError) as caught:
        read(project)
    assert codes(caught.value) == ["TB2313"] * 5


@pytest.mark.parametrize(
    ("name", "code"),
    [(b"a\nb", "TB2310"), (b"a\x7f", "TB2310"), (b"\xff.py", "TB2310"), ("e\u0301.py".encode(), "TB2310"),
     ("a\u202eyp".encode(), "TB2310"), (b"a\\b", "TB2310"), (b"RUN", "TB2311"), (b"Service/x.py", "TB2311")],
)  # fmt: skip
def test_names_that_are_not_portable(project: Path, name: bytes, code: str) -> None:
    """Names that are not the same thing on every machine are refused, and printed without harm."""
    path = os.path.join(os.fsencode(project), b"app", name)  # noqa: PTH118  names that are no text
    os.makedirs(os.path.dirname(path), exist_ok=True)  # noqa: PTH103, PTH120
    with open(path, "wb"):  # noqa: PTH123
        pass
    with pytest.raises(SpecError) as caught:
        read(project)
    assert codes(caught.value) == [code]
    str(caught.value).encode()
    assert "\n" not in caught.value.findings[0].message


def test_what_is_no_file(project: Path) -> None:
    """Pipes and unfetched pointers are refused by name; nothing waits for a writer (MA-06)."""
    os.mkfifo(project / "app/pipe")
    with pytest.raises(SpecError) as caught:
        read(project)
    assert codes(caught.value) == ["TB2303"]
    (project / "app/pipe").unlink()
    (project / "app/table.csv").write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n")
    with pytest.raises(SpecError) as caught:
        read(project)
    assert codes(caught.value) == ["TB2305"]


@pytest.mark.parametrize(
    ("directory", "code"), [("../app", "TB2301"), ("/", "TB2301"), ("none", "TB2304"), ("app/run", "TB2303")]
)
def test_directory_of_the_application(project: Path, directory: str, code: str) -> None:
    """The application directory lies below the spec, and is a directory."""
    with pytest.raises(SpecError) as caught:
        read_tree(str(project), directory, (), MemoryStore())
    assert codes(caught.value) == [code] or (directory == "app/run" and codes(caught.value) == ["TB2304"])


def test_empty_tree(project: Path) -> None:
    """A tree in which nothing counts is refused."""
    with pytest.raises(SpecError) as caught:
        read(project, "*")
    assert codes(caught.value) == ["TB2315"]


def test_unchanged_files_are_not_read_again(project: Path) -> None:
    """A second reading of quiet files writes no blob and gives the same list; a lost blob is stored again."""
    store = MemoryStore()
    now = time.time_ns() + LATER
    first = read_tree(str(project), "app", (), store, now=now)
    (project / "app/run").chmod(0o000)  # its status changes, so it is read; the other is known
    (project / "app/run").chmod(0o700)
    reads: list[str] = []
    written = store.writer

    def counting() -> object:
        reads.append("read")
        return written()

    store.writer = counting  # type: ignore[method-assign, assignment]
    assert read_tree(str(project), "app", (), store, now=now) == first
    assert reads == ["read"]
    fresh = MemoryStore()
    assert read_tree(str(project), "app", (), fresh, now=now) == first
    assert set(fresh.blobs()) == {file.sha256 for file in first}


def test_edit_within_one_tick_is_seen(project: Path) -> None:
    """A file that was read right after it was written is read again: equal times prove nothing then."""
    path = project / "app/run"
    store = MemoryStore()
    for number in range(50):
        path.write_text(f"{number:04}")
        os.utime(path, ns=(1, 1))
        files = read_tree(str(project), "app", (), store, now=time.time_ns())
        assert files[0].sha256 == Digest.of(f"{number:04}".encode())


def test_damaged_record_costs_only_a_read(project: Path) -> None:
    """A record that makes no sense is as good as none."""
    store = MemoryStore()
    now = time.time_ns() + LATER
    first = read_tree(str(project), "app", (), store, now=now)
    key = Digest.of(f"{project}\0app".encode())
    assert store.record("file-status", key) is not None
    for nonsense in (b"", b"[]", b"{", b'{"run": [1]}', b'{"run": ["a", 1, 2, 3, 4, "x"]}', b'{"run": 5}'):
        store.put_record("file-status", key, nonsense)
        assert read_tree(str(project), "app", (), store, now=now) == first


def test_file_that_changes_while_read(project: Path) -> None:
    """A file that grows while it is read is refused: what is hashed is one version (SP-32, MA-09)."""
    path = project / "app/run"

    class Sink:
        """Another program appends while we copy."""

        def write(self, chunk: bytes | bytearray | memoryview) -> int:
            """Take a piece, and let the file grow."""
            with path.open("a") as stream:
                stream.write("more")
            return len(chunk)

        def commit(self, expected: Digest | None = None) -> tuple[Digest, int]:
            """Never reached."""
            raise AssertionError

    class Growing(MemoryStore):
        """A store into which it is copied slowly."""

        @contextlib.contextmanager
        def writer(self) -> Iterator[Sink]:  # type: ignore[override]
            """A blob in the making."""
            yield Sink()

    with pytest.raises(IntegrityError) as caught:
        read_tree(str(project), "app", (), Growing())
    assert codes(caught.value) == ["TB2308"]


def test_limits_of_a_tree(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """TB2312: too many files, too deep, too large; SP-21."""
    monkeypatch.setattr("twinbuild.resolve.local.MAXIMUM_FILES", 1)
    with pytest.raises(SpecError) as many:
        read(project)
    assert codes(many.value) == ["TB2312"]
    monkeypatch.setattr("twinbuild.resolve.local.MAXIMUM_FILES", 100)
    monkeypatch.setattr("twinbuild.resolve.local.MAXIMUM_SIZE", 5)
    with pytest.raises(SpecError) as large:
        read(project)
    assert set(codes(large.value)) == {"TB2312"}


def test_a_pattern_that_is_none(project: Path) -> None:
    """TB2314 for what no .gitignore could hold."""
    with pytest.raises(SpecError) as caught:
        read(project, "!")
    assert codes(caught.value) == ["TB2314"]


def test_places_are_relative_to_the_project(project: Path) -> None:
    """A person sees the path that they would type beside the spec, whatever the application's directory is."""
    os.mkfifo(project / "app/service/pipe")
    (project / "app/lost").symlink_to("nowhere")
    with pytest.raises(SpecError) as walked:
        read_tree(str(project), "./app/", (), MemoryStore())
    with pytest.raises(SpecError) as stored:
        read(project, "pipe")
    assert [item.where.file for item in (*walked.value.findings, *stored.value.findings)] == [
        "app/service/pipe",
        "app/lost",
    ]
