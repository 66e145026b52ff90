from __future__ import annotations

import csv
import io
from collections.abc import Mapping

import pytest

from twinbuild.errors import BuildError, IntegrityError
from twinbuild.model.tree import BytesContent, Directory, File
from twinbuild.wheel.contents import Wheel, open_wheel
from twinbuild.wheel.install import bytecode_path, install, sources
from twinbuild.wheel.layout import Layout
from unit.wheel.making import NAME, STEM, WHEEL, hash_of, project_wheel, record, wheel, wheel_files, zipped

LAYOUT = Layout(prefix="opt/venv", python="3.11")
SITE = "opt/venv/lib/python3.11/site-packages"
INFO = f"{SITE}/{STEM}.dist-info"


def selected(content: bytes, filename: str = NAME) -> Wheel:
    """A wheel to install."""
    return open_wheel(io.BytesIO(content), filename)


def files(*wheels: Wheel, layout: Layout = LAYOUT, bytecode: Mapping[str, bytes] | None = None) -> dict[str, bytes]:
    """What an installation leaves: path → bytes."""
    compiled = {path: BytesContent(content) for path, content in (bytecode or {}).items()}
    found = {}
    for entry in install(wheels, layout, bytecode=compiled):
        if isinstance(entry, File):
            with entry.content.open() as stream:
                found[entry.path] = stream.read()
            assert len(found[entry.path]) == entry.content.size
    return found


def test_installed_files_and_record() -> None:
    """Files go to site-packages, pip's markers are added, and RECORD lists all of it sorted with CRLF."""
    found = files(selected(wheel()))
    assert found[f"{SITE}/demo/__init__.py"] == b"answer = 42\n"
    assert found[f"{INFO}/INSTALLER"] == b"pip\n"
    assert found[f"{INFO}/REQUESTED"] == b""
    text = found[f"{INFO}/RECORD"].decode()
    assert text.endswith("\r\n")
    rows = list(csv.reader(io.StringIO(text, newline="")))
    assert rows == sorted(rows)
    assert {row[0] for row in rows} == {path.removeprefix(f"{SITE}/") for path in found}
    for path, hash_, size in rows:
        content = found[f"{SITE}/{path}"]
        assert (hash_, size) == (("", "") if path.endswith("/RECORD") else (hash_of(content), str(len(content))))


def test_entries_are_sorted_with_their_directories() -> None:
    """A tree can be written from the entries in the order in which they come."""
    entries = list(install([selected(wheel())], LAYOUT))
    paths = [entry.path for entry in entries]
    assert paths == sorted(set(paths))
    directories = {entry.path for entry in entries if isinstance(entry, Directory)}
    assert {"opt", "opt/venv", SITE, f"{SITE}/demo", INFO} <= directories
    assert all(path.rpartition("/")[0] in directories | {""} for path in paths)


def test_commands_are_generated() -> None:
    """Console and gui scripts become executable stubs that name the interpreter of the environment."""
    content = wheel(entry_points=b"[console_scripts]\ndemo = demo.cli:app.run\n[gui_scripts]\nshow = demo:show [x]\n")
    entries = {entry.path: entry for entry in install([selected(content)], LAYOUT)}
    assert entries["opt/venv/bin/demo"].mode == 0o755  # type: ignore[union-attr]
    found = files(selected(content))
    assert found["opt/venv/bin/demo"] == (
        b"#!/opt/venv/bin/python\nimport sys\nfrom demo.cli import app\nif __name__ == '__main__':\n"
        b"    sys.argv[0] = sys.argv[0].removesuffix('.exe')\n    sys.exit(app.run())\n"
    )
    assert b"from demo import show\n" in found["opt/venv/bin/show"]
    assert b"\r\n../../../bin/show,sha256=" in b"\r\n" + found[f"{INFO}/RECORD"]


def test_pip_gets_commands_of_the_targets_python() -> None:
    """The versioned commands that pip and setuptools bake into their wheels are replaced."""
    points = b"[console_scripts]\npip = pip:main\npip3 = pip:main\npip3.8 = pip:main\npipx = pipx:main\n"
    points += b"easy_install = e:main\neasy_install-3.6 = e:main\n"
    name, content = project_wheel("pip", {"pip/__init__.py": b""}, entry_points=points)
    found = {path.rpartition("/")[2] for path in files(selected(content, name)) if "/bin/" in path}
    assert found == {"pip", "pip3", "pip3.11", "pipx", "easy_install", "easy_install-3.11"}


def test_schemes_of_the_data_directory() -> None:
    """Each scheme goes where pip puts it in a virtual environment."""
    data = f"{STEM}.data"
    content = wheel(
        {
            f"{data}/purelib/pure.py": b"",
            f"{data}/platlib/plat.py": b"",
            f"{data}/headers/demo.h": b"",
            f"{data}/scripts/run": b"#!python -E\nprint()\n",
            f"{data}/scripts/plain": b"#!/bin/sh\n",
            f"{data}/data/share/doc/demo": b"",
        },
        modes={f"{data}/scripts/run": 0o100755},
    )
    entries = {entry.path: entry for entry in install([selected(content)], LAYOUT)}
    assert {
        f"{SITE}/pure.py",
        f"{SITE}/plat.py",
        "opt/venv/include/site/python3.11/demo/demo.h",
        "opt/venv/share/doc/demo",
    } <= set(entries)
    assert entries["opt/venv/bin/run"].mode == 0o755  # type: ignore[union-attr]
    assert entries["opt/venv/bin/plain"].mode == 0o644  # type: ignore[union-attr]
    found = files(selected(content))
    assert found["opt/venv/bin/run"] == b"#!/opt/venv/bin/python\nprint()\n"
    assert found["opt/venv/bin/plain"] == b"#!/bin/sh\n"
    row = f"../../../bin/run,{hash_of(found['opt/venv/bin/run'])},{len(found['opt/venv/bin/run'])}\r\n"
    assert row.encode() in found[f"{INFO}/RECORD"]


def test_a_patched_script_is_still_checked() -> None:
    """Replacing a first line does not lose the check of the rest."""
    path = f"{STEM}.data/scripts/run"
    honest = hash_of(b"#!python\nprint(1)\n").encode()
    made = wheel_files({path: b"#!python\nprint(1)\n"})
    made[f"{STEM}.dist-info/RECORD"] = record(made).replace(honest, hash_of(b"evil").encode())
    with pytest.raises(IntegrityError, match="TB4107"):
        list(install([selected(zipped(made))], LAYOUT))


def test_a_script_of_a_command_gives_way() -> None:
    """A script that setuptools wrote for an entry point is replaced by the generated one, as pip does."""
    data = f"{STEM}.data/scripts"
    content = wheel({f"{data}/demo": b"#!python\nold\n", f"{data}/demo-script.py": b""},
                    entry_points=b"[console_scripts]\ndemo = demo:main\n")  # fmt: skip
    found = files(selected(content))
    assert b"old" not in found["opt/venv/bin/demo"]
    assert "opt/venv/bin/demo-script.py" not in found


def test_modes_are_two() -> None:
    """Files are 0644, or 0755 with any executable bit, whatever else the archive says."""
    modes = {"demo/a": 0o100600, "demo/b": 0o100610, "demo/c": 0o100777, "demo/d": 0o000755}
    content = wheel(dict.fromkeys(modes, b""), modes=modes)
    entries = {entry.path: entry for entry in install([selected(content)], LAYOUT)}
    found = [entries[f"{SITE}/{path}"].mode for path in modes]  # type: ignore[union-attr]
    assert found == [0o644, 0o755, 0o755, 0o644]


def test_an_installers_files_in_a_wheel_do_not_survive() -> None:
    """INSTALLER of the wheel is replaced, its direct_url.json and byte code vanish, from RECORD too."""
    info = f"{STEM}.dist-info"
    shipped = {f"{info}/INSTALLER": b"evil\n", f"{info}/direct_url.json": b"{}", "demo/__pycache__/a.pyc": b"\0"}
    found = files(selected(wheel(shipped)))
    assert found[f"{INFO}/INSTALLER"] == b"pip\n"
    assert b"direct_url" not in found[f"{INFO}/RECORD"]
    assert b"pycache" not in found[f"{INFO}/RECORD"]
    assert set(found) == {f"{INFO}/{name}" for name in ("INSTALLER", "METADATA", "RECORD", "REQUESTED", "WHEEL")}


def test_byte_code_lies_beside_its_source() -> None:
    """Compiled sources get a file beside them, and no row: RECORD is what ``pip install --no-compile`` leaves."""
    content = wheel({"demo/a.py": b"a = 1\n", "demo/old.py": b"print 1\n"})
    chosen = selected(content)
    assert dict(sources(chosen, LAYOUT)) == {f"{SITE}/demo/a.py": b"a = 1\n", f"{SITE}/demo/old.py": b"print 1\n"}
    found = files(chosen, bytecode={f"{SITE}/demo/a.py": b"compiled"})
    assert found[f"{SITE}/demo/__pycache__/a.cpython-311.pyc"] == b"compiled"
    assert f"{SITE}/demo/__pycache__/old.cpython-311.pyc" not in found
    assert found[f"{INFO}/RECORD"] == files(chosen)[f"{INFO}/RECORD"]
    assert bytecode_path("x.py", "3.13") == "__pycache__/x.cpython-313.pyc"


def test_test_suites_are_no_sources() -> None:
    """What lies below a directory `tests` is installed, but nothing is compiled for it."""
    paths = ["demo/tests/test_a.py", "demo/x/tests/y/z.py", "demo/testing.py", "demo/mytests/a.py", "demo/tests.py"]
    chosen = selected(wheel(dict.fromkeys(paths, b"a = 1\n")))
    assert {path for path, _ in sources(chosen, LAYOUT)} == {f"{SITE}/{path}" for path in paths[2:]}
    assert {f"{SITE}/{path}" for path in paths} <= set(files(chosen))


def test_only_modules_are_sources() -> None:
    """Scripts and data are no modules, and byte code for them is of no use."""
    data = f"{STEM}.data"
    content = wheel(
        {f"{data}/scripts/run.py": b"", f"{data}/data/x.py": b"", f"{data}/purelib/m.py": b"", "t.txt": b""}
    )
    assert [path for path, _ in sources(selected(content), LAYOUT)] == [f"{SITE}/m.py"]


def test_a_shared_path_is_written_once() -> None:
    """Two wheels may bring the same bytes for one path; both list it in RECORD."""
    first, second = (project_wheel(name, {"space/__init__.py": b"same\n"}) for name in ("one", "two"))
    chosen = [selected(content, name) for name, content in (first, second)]
    entries = list(install(chosen, LAYOUT))
    assert [entry.path for entry in entries].count(f"{SITE}/space/__init__.py") == 1
    found = files(*chosen)
    for project in ("one", "two"):
        assert b"space/__init__.py,sha256=" in found[f"{SITE}/{project}-1.dist-info/RECORD"]


def test_colliding_wheels_are_refused_before_the_first_entry() -> None:
    """Nothing is given out of an installation that cannot be."""
    first, second = (project_wheel(name, {"space/__init__.py": name.encode()}) for name in ("one", "two"))
    chosen = [selected(content, name) for name, content in (first, second)]
    with pytest.raises(BuildError, match="TB4110"):
        next(install(chosen, LAYOUT))


def test_content_is_checked_when_it_is_read() -> None:
    """A wrong byte is found by whoever writes the layer, not only by a separate check."""
    made = wheel_files()
    made[f"{STEM}.dist-info/RECORD"] = record({**made, "demo/__init__.py": b"answer = 43\n"})
    entries = {entry.path: entry for entry in install([selected(zipped(made))], LAYOUT)}
    entry = entries[f"{SITE}/demo/__init__.py"]
    assert isinstance(entry, File)
    with entry.content.open() as stream, pytest.raises(IntegrityError, match="TB4107"):
        stream.read()


def test_platform_wheels_go_to_the_same_place() -> None:
    """In a virtual environment purelib and platlib are one directory."""
    platform = WHEEL.replace(b"true", b"false")
    assert files(selected(wheel(wheel=platform))).keys() == files(selected(wheel())).keys()


@pytest.mark.parametrize(
    ("prefix", "line"),
    [
        ("opt/venv", b"#!/opt/venv/bin/python\n"),
        ("opt/" + "v" * 108, b"#!/opt/" + b"v" * 108 + b"/bin/python\n"),
        ("opt/" + "v" * 109, b"#!/bin/sh\n'''exec' /opt/" + b"v" * 109 + b"/bin/python \"$0\" \"$@\"\n' '''\n"),
        ("opt/my venv", b"#!/bin/sh\n'''exec' \"/opt/my venv/bin/python\" \"$0\" \"$@\"\n' '''\n"),
    ],
)
def test_first_lines_that_the_kernel_cannot_read_are_avoided(prefix: str, line: bytes) -> None:
    """A path with spaces, or longer than the kernel reads, goes through the shell."""
    layout = Layout(prefix=prefix, python="3.11")
    content = wheel(entry_points=b"[console_scripts]\ndemo = demo:main\n")
    assert files(selected(content), layout=layout)[f"{prefix}/bin/demo"].startswith(line + b"import sys\n")


def test_an_endless_first_line_is_refused() -> None:
    """A script whose first line does not end within 4 KiB is no script."""
    content = wheel({f"{STEM}.data/scripts/run": b"#!python " + b"x" * 5000 + b"\n"})
    with pytest.raises(IntegrityError, match="TB4109"):
        list(install([selected(content)], LAYOUT))


def test_a_script_of_one_line_may_lack_its_end() -> None:
    """The first line may be the whole script."""
    content = wheel({f"{STEM}.data/scripts/run": b"#!python"})
    assert files(selected(content))["opt/venv/bin/run"] == b"#!/opt/venv/bin/python\n"
