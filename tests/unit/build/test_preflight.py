"""The entrypoint: what it measures, what it says, and that the command after it is as if nothing had been before."""

from __future__ import annotations

import ast
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twinbuild.build import accelerators, configured, preflight
from twinbuild.build.preflight import Host, check_memory, decoded, findings, main, memory_limits, size
from twinbuild.model import knobs

MIB = 1 << 20
NONE = {"kind": "none", "cuda": "", "count": 0, "memory": 0, "driver": "", "compute_capabilities": []}
MEMINFO = "MemTotal:        4194304 kB\nMemFree:  1 kB\n"
UNLIMITED = "9223372036854771712\n"
DEVICES = 1 << 20  # more than any machine has that this runs on


def wanting(memory: int = 0, **accelerator: object) -> dict[str, object]:
    """The requirements of a release."""
    names = {"name": "n", "version": "1", "variant": "cpu", "configured": False}
    return {"apiVersion": "twinbuild/requirements/v1", **names, "memory": memory, "accelerator": NONE | accelerator}


def machine(root: Path, files: dict[str, str]) -> Host:
    """A machine whose /proc and /sys have these files."""
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return Host(str(root), cuda=str(root / "usr/lib/libcuda.so.1"))


LIMITS = {
    "a meminfo without a number": (
        {"proc/meminfo": "MemTotal:\n", "sys/fs/cgroup/memory.max": "4096\n"},
        4096,
        "/sys/fs/cgroup/memory.max",
    ),
    "a machine without limits": ({"proc/meminfo": MEMINFO}, 4096 * MIB, "all that the machine has"),
    "cgroup v2, a namespace of its own": (
        {"proc/meminfo": MEMINFO, "proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": f"{300 * MIB}\n"},
        300 * MIB,
        "/sys/fs/cgroup/memory.max",
    ),
    "cgroup v2, the machine's namespace": (
        {
            "proc/meminfo": MEMINFO,
            "proc/self/cgroup": "0::/pods/pod1/container\n",
            "sys/fs/cgroup/pods/pod1/container/memory.max": "max\n",
            "sys/fs/cgroup/pods/pod1/memory.max": f"{200 * MIB}\n",
            "sys/fs/cgroup/pods/memory.max": f"{900 * MIB}\n",
        },
        200 * MIB,
        "/sys/fs/cgroup/pods/pod1/memory.max",
    ),
    "cgroup v2 without a limit": (
        {"proc/meminfo": MEMINFO, "proc/self/cgroup": "0::/a\n", "sys/fs/cgroup/a/memory.max": "max\n"},
        4096 * MIB,
        "all that the machine has",
    ),
    "a path that leads out": (
        {
            "proc/meminfo": MEMINFO,
            "proc/self/cgroup": "0::/../../b\n",
            "sys/fs/cgroup/memory.max": f"{5 * MIB}\n",
            "b/memory.max": "1\n",
        },
        5 * MIB,
        "/sys/fs/cgroup/memory.max",
    ),
    "cgroup v1, as an engine mounts it": (
        {
            "proc/meminfo": MEMINFO,
            "proc/self/cgroup": "12:cpu,cpuacct:/docker/c\n9:memory:/docker/c\n0::/\n",
            "sys/fs/cgroup/memory/memory.limit_in_bytes": f"{128 * MIB}\n",
        },
        128 * MIB,
        "/sys/fs/cgroup/memory/memory.limit_in_bytes",
    ),
    "cgroup v1, the machine's namespace": (
        {
            "proc/meminfo": MEMINFO,
            "proc/self/cgroup": "3:memory,hugetlb:/a/b\n",
            "sys/fs/cgroup/memory/a/b/memory.limit_in_bytes": f"{64 * MIB}\n",
            "sys/fs/cgroup/memory/memory.limit_in_bytes": UNLIMITED,
        },
        64 * MIB,
        "/sys/fs/cgroup/memory/a/b/memory.limit_in_bytes",
    ),
    "cgroup v1, a limit above what is seen": (
        {
            "proc/meminfo": MEMINFO,
            "sys/fs/cgroup/memory/memory.limit_in_bytes": UNLIMITED,
            "sys/fs/cgroup/memory/memory.stat": f"cache 1\nhierarchical_memory_limit {32 * MIB}\ntotal_cache 1\n",
        },
        32 * MIB,
        "/sys/fs/cgroup/memory/memory.stat",
    ),
    "cgroup v1 without a limit": (
        {"proc/meminfo": MEMINFO, "sys/fs/cgroup/memory/memory.limit_in_bytes": UNLIMITED},
        4096 * MIB,
        "all that the machine has",
    ),
    "no /proc": ({"sys/fs/cgroup/memory.max": f"{MIB}\n"}, MIB, "/sys/fs/cgroup/memory.max"),
}


@pytest.mark.parametrize(("files", "limit", "where"), LIMITS.values(), ids=LIMITS)
def test_memory(tmp_path: Path, files: dict[str, str], limit: int, where: str) -> None:
    """The least of all limits counts: so much may be asked for, and one byte more is refused with where it is."""
    host = machine(tmp_path, files)
    assert min(memory_limits(host)) == (limit, where)
    assert list(check_memory(wanting(limit), host)) == []
    ((code, sentence, _),) = check_memory(wanting(limit + 1), host)
    assert code == "TB5401"
    assert f"got {size(limit)} of memory ({where}), expected at least" in sentence


def test_a_machine_that_tells_nothing(tmp_path: Path) -> None:
    """Without /proc and /sys nothing can be said, which is no pass; who asks for nothing starts."""
    ((code, sentence, remedy),) = findings(wanting(MIB), Host(str(tmp_path)))
    assert (code, remedy.split(":")[0]) == ("TB5407", "mount /proc")
    assert "expected 1 MiB" in sentence
    assert findings(wanting(), Host(str(tmp_path))) == []


def test_this_machine() -> None:
    """It has some memory, and nobody's machine has an exbibyte."""
    assert findings(wanting(MIB), Host()) == []
    assert [code for code, _, _ in findings(wanting(1 << 60), Host())] == ["TB5401"]


def test_everything_at_once(tmp_path: Path) -> None:
    """Too little memory and no driver are two lines."""
    host = machine(tmp_path, {"proc/meminfo": MEMINFO, "proc/self/cgroup": ""})
    assert [code for code, _, _ in findings(wanting(1 << 40, kind="cuda"), host)] == ["TB5401", "TB5402"]


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 bytes"),
        (1023, "1023 bytes"),
        (1024, "1 KiB"),
        (256 * MIB, "256 MiB"),
        (256 * MIB - 1, "255.99 MiB"),
        (3 << 29, "1.5 GiB"),
        (5 << 40, "5120 GiB"),
    ],
)
def test_sizes(count: int, text: str) -> None:
    """Rounded down, so that what is too little never looks like enough."""
    assert size(count) == text


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda each: st.lists(each, max_size=4) | st.dictionaries(st.text(), each, max_size=4),
    max_leaves=20,
)


@given(_JSON)
def test_json(value: object) -> None:
    """Its way to read JSON reads what ``json`` does."""
    text = json.dumps(value, ensure_ascii=False)
    assert decoded(text) == json.loads(text)


@pytest.fixture
def installed(tmp_path: Path) -> Iterator[Path]:
    """The program as it lies in an image, with requirements that this machine meets."""
    place = tmp_path / "etc" / "twinbuild"
    place.mkdir(parents=True)
    for module in (preflight, accelerators):
        shutil.copy(str(module.__file__), place)
    (place / "requirements.json").write_text(json.dumps(wanting(MIB)))
    yield place / "preflight.py"
    assert sorted(path.name for path in place.iterdir() if path.suffix != ".py") == ["requirements.json"]


def _start(
    program: Path, *command: str, python: str = sys.executable, **environment: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        (python, "-I", "-S", str(program), *command),
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        cwd=program.parent,
        input="asked\n",
    )


_SHOWS = "tr '\\0' '\\n' </proc/self/environ; echo; grep -E '^Sig(Ign|Blk)' /proc/self/status; cat; exit 5"


@pytest.mark.parametrize("environment", [{"B": "1", "A": "ü=2", "LC_ALL": "C"}, {}, {"LC_CTYPE": "C.UTF-8", "X": ""}])
def test_the_command_is_as_if_started_directly(installed: Path, environment: dict[str, str]) -> None:
    """Environment with its order, ignored signals, input, output and status are those without the entrypoint."""
    through = _start(installed, "--", "/bin/sh", "-c", _SHOWS, **environment)
    directly = subprocess.run(
        ("/bin/sh", "-c", _SHOWS),
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        cwd=installed.parent,
        input="asked\n",
    )
    assert (through.stdout, through.stderr, through.returncode) == (directly.stdout, "", 5)
    assert "LC_CTYPE" in environment or "LC_CTYPE" not in through.stdout
    assert through.stdout.endswith("asked\n")


def test_the_command_takes_the_place_of_the_entrypoint(installed: Path) -> None:
    """The process stays the same, so that process 1 is the service."""
    with subprocess.Popen(
        (sys.executable, "-I", "-S", str(installed), "--", "/bin/sh", "-c", "echo $$"), stdout=subprocess.PIPE
    ) as process:
        assert process.communicate(timeout=60)[0] == f"{process.pid}\n".encode()


def test_nothing_of_the_application_is_imported(installed: Path, tmp_path: Path) -> None:
    """Modules in the working directory, in PYTHONPATH and beside the program shadow nothing."""
    shadow = tmp_path / "shadow"
    shadow.mkdir()
    text = "raise SystemExit('imported')"
    for name in ("os", "_json", "json", "codecs", "select", "sitecustomize", "usercustomize"):
        (shadow / f"{name}.py").write_text(text)
    (installed.parent / "select.py").write_text(text)
    done = subprocess.run(
        (sys.executable, "-I", "-S", str(installed), "--", "/bin/sh", "-c", "exit 6"),
        env={"PYTHONPATH": str(shadow), "PYTHONSTARTUP": str(shadow / "os.py"), "PYTHONHOME": str(shadow)},
        cwd=shadow,
        check=False,
        timeout=60,
    )
    assert done.returncode == 6
    (installed.parent / "requirements.json").write_text(json.dumps(wanting(kind="cuda", count=DEVICES)))
    assert _start(installed).returncode == 78


def test_a_refusal(installed: Path) -> None:
    """One line on standard error, status 78, and the command never ran."""
    (installed.parent / "requirements.json").write_text(json.dumps(wanting(1 << 60)))
    done = _start(installed, "--", "/bin/sh", "-c", "echo ran")
    assert (done.returncode, done.stdout) == (78, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith("n 1 (cpu) refuses to start: TB5401: got ")
    assert line.endswith("expected at least 1073741824 GiB; raise the container's limit, or take a machine with more")


def test_only_checks(installed: Path) -> None:
    """Without a command the status says whether it would start."""
    assert _start(installed).returncode == 0
    (installed.parent / "requirements.json").write_text(json.dumps(wanting(1 << 60)))
    assert _start(installed).returncode == 78


@pytest.mark.parametrize(
    ("command", "status", "reason"),
    [
        ("missing", 127, "No such file or directory"),
        ("/etc/passwd", 126, "Permission denied"),
        ("/dev/null/x", 127, ""),
    ],
)
def test_a_command_that_is_none(installed: Path, command: str, status: int, reason: str) -> None:
    """Statuses are those of a shell."""
    done = _start(installed, "--", command, PATH="/usr/bin:/bin")
    assert done.returncode == status
    assert done.stderr.startswith(f"twinbuild: cannot start '{command}': {reason}")


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "{",
        "[]",
        "{}",
        '{"apiVersion": "twinbuild/requirements/v2"}',
        '{"apiVersion": "twinbuild/requirements/v1", "name": "n", "version": "1", "variant": "v"}',
        json.dumps(wanting() | {"memory": "much"}),
        json.dumps(wanting() | {"configured": True}),
        json.dumps(wanting(kind="abacus")),
    ],
)
def test_requirements_that_cannot_be_read(installed: Path, text: str | None) -> None:
    """What is damaged is refused, never skipped."""
    requirements = installed.parent / "requirements.json"
    requirements.unlink()
    if text is not None:
        requirements.write_text(text)
    done = _start(installed, "--", "/bin/sh", "-c", "echo ran")
    requirements.touch()
    assert (done.returncode, done.stdout) == (78, "")
    (line,) = done.stderr.splitlines()
    assert "refuses to start: TB5410: can't check what it needs: " in line
    assert line.endswith("; build the image again")


def test_in_this_process(installed: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The same with a machine of our own: the root is an argument of the function, and no variable moves it."""
    assert main(["--", "echo"], str(installed), Host(str(tmp_path))) == 78
    assert "TB5407" in capsys.readouterr().err


def _pythons() -> list[str]:
    """Every other Python here that an image may have."""
    places = [*map(Path, os.environ["PATH"].split(os.pathsep)), *Path.home().glob(".pyenv/versions/*/bin")]
    found = {
        os.path.realpath(path): minor
        for place in places
        for minor in range(9, 20)
        if (path := place / f"python3.{minor}").is_file() and "shims" not in path.parts
    }
    return sorted({minor: path for path, minor in found.items()}.values())


@pytest.mark.parametrize("python", _pythons())
def test_other_pythons(installed: Path, python: str) -> None:
    """It starts the command, and refuses, with every Python that an image may have."""
    done = _start(installed, "--", "/bin/sh", "-c", _SHOWS, python=python)
    assert (done.returncode, done.stderr) == (5, "")
    (installed.parent / "requirements.json").write_text(json.dumps(wanting(1 << 60, kind="cuda", count=DEVICES)))
    done = _start(installed, "--", "/bin/sh", python=python)
    assert next(line.split(": ")[1] for line in done.stderr.splitlines()) == "TB5401"
    assert (done.returncode, len(done.stderr.splitlines())) == (78, 2)


@pytest.mark.parametrize("module", [preflight, accelerators, configured, knobs])
def test_plain_python(module: object) -> None:
    """Syntax of Python 3.9, and no import beyond the few modules that every interpreter has."""
    text = Path(str(module.__file__)).read_text("utf-8")  # type: ignore[attr-defined]
    tree = ast.parse(text, feature_version=(3, 9))
    guarded = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) in ("TYPE_CHECKING", "__package__")
        for statement in node.body
        for inner in ast.walk(statement)
    }
    names: set[str] = set()
    for node in ast.walk(tree):
        if id(node) not in guarded:
            if isinstance(node, ast.Import):
                names |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                names.add(node.module or "")
    beside = {"accelerators", "configured", "knobs"}
    assert names <= beside | {
        "__future__",
        "_json",
        "_signal",
        "stat",
        "ctypes",
        "hashlib",
        "json",
        "os",
        "resource",
        "select",
        "sys",
    }


def test_few_modules_are_imported(installed: Path) -> None:
    """An image has no byte code of the standard library: each module more costs milliseconds at every start."""
    argv = (sys.executable, "-v", "-I", "-S", str(installed))
    done = subprocess.run(argv, capture_output=True, text=True, check=True, timeout=60)
    found = {line.split("'")[1] for line in done.stderr.splitlines() if line.startswith("import '")}
    assert "_json" in found
    assert not found & {"json", "re", "enum", "typing", "ctypes", "collections", "functools", "site", "contextlib"}
