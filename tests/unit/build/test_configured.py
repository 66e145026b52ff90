from __future__ import annotations

import hashlib
import json
import os
import resource
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from twinbuild.build import configured, preflight
from twinbuild.build.preflight import Host
from twinbuild.model import knobs


def knob(name: str, kind: str = "setting", type_: str = "int", default: Any = 1, **more: Any) -> dict[str, Any]:
    """A definition as the image has it."""
    return {
        "name": name,
        "kind": kind,
        "type": type_,
        "default": default,
        "environment": name.upper(),
        "minimum": None,
        "maximum": None,
        "values": [],
        "limit": "",
        **more,
    }


def document(*parameters: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A configuration document."""
    return {
        "apiVersion": configured.FORMAT,
        "parameters": list(parameters),
        "rules": [],
        "secrets": [],
        "artifacts": {"check": "digest", "files": []},
        **more,
    }


def codes(found: list[tuple[str, str, str]]) -> list[str]:
    """The codes of findings."""
    return [code for code, _, _ in found]


def test_defaults_are_made_explicit() -> None:
    """A knob that nobody set is set to its default; one that somebody set stays."""
    missing, found = configured.check(document(knob("a"), knob("b", default=2)), {"A": "5"}, Host(), None)
    assert (missing, found) == ({"B": "2"}, [])


def test_what_was_changed_live_is_checked_at_a_start(tmp_path: Path) -> None:
    """Rules and ranges hold for it, too; the variable stays what it is, to which the service goes back."""
    live = tmp_path / "etc/twinbuild/live"
    live.mkdir(parents=True)
    (live / "A").write_text("7\n")
    (live / "..data").mkdir()
    found = configured.check(document(knob("a", live=True), knob("b")), {"A": "5"}, Host(str(tmp_path)), None)
    assert found == ({"B": "1"}, [])
    (live / "A").write_text("9")
    missing, wrong = configured.check(document(knob("a", live=True, maximum=8)), {}, Host(str(tmp_path)), None)
    assert (missing, codes(wrong)) == ({"A": "1"}, ["TB5412"])
    tree = ["<", ["knob", "a"], ["knob", "b"]]
    rules = [{"name": "r", "rule": "a < b", "message": "m", "tree": tree}]
    wanted = document(knob("a", live=True), knob("b", default=8), rules=rules)
    _, wrong = configured.check(wanted, {"A": "8"}, Host(str(tmp_path)), None)
    assert codes(wrong) == ["TB5414", "TB5414"]  # by what it was started with, and by what was changed


def test_what_can_not_be_changed_live(tmp_path: Path) -> None:
    """Knobs that need a restart, what is no knob, what is no text and what is no file."""
    live = tmp_path / "etc/twinbuild/live"
    live.mkdir(parents=True)
    (live / "A").write_bytes(b"\xff")
    (live / "B").write_text("2")
    (live / "C").write_text("2")
    os.mkfifo(live / "D")
    (live / "E").write_text("\U0001f600" * 5000)
    (live / "F\x1b\nG").write_text("2")
    knobs_ = (knob("a", live=True), knob("b"), knob("d", live=True), knob("e", live=True))
    values, found = configured.check(document(*knobs_), {}, Host(str(tmp_path)), None)
    assert codes(found) == ["TB5423"] * 6
    said = [sentence for _, sentence, _ in found]
    assert "it is no UTF-8" in said[0]
    assert said[1:3] == [
        "/etc/twinbuild/live/B sets b, which needs a restart, expected some of A, D, E",
        "/etc/twinbuild/live/C is the variable of no knob, expected some of A, D, E",
    ]
    assert "it has more than 4096 characters" in said[4]
    assert "live/'F\\x1b\\nG' is the variable" in said[5]
    assert values == {"A": "1", "B": "1", "D": "1", "E": "1"}
    assert configured.check(document(knob("b")), {}, Host(str(tmp_path)), None) == ({"B": "1"}, [])


@pytest.mark.parametrize(
    ("secret", "environment", "reason"),
    [
        ({"provider": "env", "reference": "TOKEN"}, {"TOKEN": "x"}, ""),
        ({"provider": "env", "reference": "TOKEN"}, {"TOKEN": ""}, "the variable TOKEN is empty"),
        ({"provider": "env", "reference": "TOKEN"}, {}, "the variable TOKEN is not set"),
        ({"provider": "file", "reference": "/run/secrets/full"}, {}, ""),
        ({"provider": "file", "reference": "/run/secrets/empty"}, {}, "is empty"),
        ({"provider": "file", "reference": "/run/secrets/none"}, {}, "No such file or directory"),
        ({"provider": "file", "reference": "/run/secrets"}, {}, "no regular file"),
        ({"provider": "vault", "reference": "a/b#c"}, {}, ""),
    ],
)
def test_secrets(secret: dict[str, str], environment: dict[str, str], reason: str, tmp_path: Path) -> None:
    """They must be there; their values are never looked at."""
    (tmp_path / "run" / "secrets").mkdir(parents=True)
    (tmp_path / "run" / "secrets" / "full").write_text("x")
    (tmp_path / "run" / "secrets" / "empty").touch()
    _, found = configured.check(document(secrets=[{"name": "s", **secret}]), environment, Host(str(tmp_path)), None)
    assert codes(found) == (["TB5415"] if reason else [])
    assert not found or reason in found[0][1]


@pytest.mark.parametrize("size", [3, configured.SMALL + 1])
@pytest.mark.parametrize(
    ("damage", "check", "refused"),
    [
        ("", "digest", False),
        ("flip", "digest", True),
        ("flip", "size", False),
        ("cut", "size", True),
        ("gone", "size", True),
    ],
)
def test_artifacts(size: int, damage: str, check: str, refused: bool, tmp_path: Path) -> None:
    """Every byte counts, or the size alone where the release says so."""
    content = bytes(size)
    path = tmp_path / "models" / "m.bin"
    path.parent.mkdir()
    path.write_bytes({"flip": content[:-1] + b"x", "cut": content[:-1]}.get(damage, content))
    if damage == "gone":
        path.unlink()
    file = {"name": "m", "path": "/models/m.bin", "sha256": hashlib.sha256(content).hexdigest(), "size": size}
    wanted = document(artifacts={"check": check, "files": [file]})
    _, found = configured.check(wanted, {}, Host(str(tmp_path)), None)
    assert codes(found) == (["TB5416"] if refused else [])


@pytest.mark.parametrize("what", ["pipe", "directory", "device", "link to a pipe", "loop"])
@pytest.mark.parametrize("size", [0, 3])
def test_what_is_no_file_is_refused_and_not_waited_for(what: str, size: int, tmp_path: Path) -> None:
    """A pipe that nobody writes to, or a device that never ends, in the place of an artifact or of a secret."""
    path = tmp_path / "m.bin"
    if what == "directory":
        path.mkdir()
    elif what == "pipe":
        os.mkfifo(path)
    else:
        os.mkfifo(tmp_path / "pipe")
        path.symlink_to({"device": "/dev/zero", "loop": "m.bin"}.get(what, "pipe"))
    file = {"name": "m", "path": "/m.bin", "sha256": hashlib.sha256(bytes(size)).hexdigest(), "size": size}
    wanted = document(
        artifacts={"check": "digest", "files": [file]},
        secrets=[{"name": "s", "provider": "file", "reference": "/m.bin"}],
    )
    script = (
        "import json, sys\nfrom twinbuild.build import configured, preflight\n"
        "print(json.dumps(configured.check(json.load(sys.stdin), {}, preflight.Host(sys.argv[1]), None)[1]))"
    )
    done = subprocess.run(
        (sys.executable, "-c", script, str(tmp_path)),
        input=json.dumps(wanted),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert codes(json.loads(done.stdout)) == ["TB5415", "TB5416"]


def test_memory() -> None:
    """A knob of memory fits into what the container may take."""
    wanted = document(knob("cache", "memory", "bytes", "1Gi"))
    assert codes(configured.check(wanted, {}, Host(), 1 << 30)[1]) == []
    assert codes(configured.check(wanted, {}, Host(), (1 << 30) - 1)[1]) == ["TB5422"]
    assert codes(configured.check(wanted, {"CACHE": "1k"}, Host(), 1000)[1]) == []


def test_shared_memory(tmp_path: Path) -> None:
    """/dev/shm is as large as asked for."""
    (tmp_path / "dev" / "shm").mkdir(parents=True)
    wanted = document(knob("shm", "shared_memory", "bytes", "1k"))
    assert codes(configured.check(wanted, {}, Host(str(tmp_path)), None)[1]) == []
    assert codes(configured.check(wanted, {"SHM": "900T"}, Host(str(tmp_path)), None)[1]) == ["TB5418"]
    assert codes(configured.check(wanted, {}, Host(str(tmp_path / "none")), None)[1]) == ["TB5418"]


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """The entrypoint as it lies in an image that has something to configure."""
    place = tmp_path / "etc" / "twinbuild"
    place.mkdir(parents=True)
    for module in (preflight, configured, knobs):
        shutil.copy(str(module.__file__), place)
    requirements = {
        "apiVersion": preflight.FORMAT,
        "name": "n",
        "version": "1",
        "variant": "cpu",
        "configured": True,
        "memory": 0,
        "accelerator": {"kind": "none"},
    }
    (place / "requirements.json").write_text(json.dumps(requirements))
    return place


def start(place: Path, wanted: dict[str, Any], script: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Start a shell through the entrypoint."""
    (place / "configuration.json").write_text(json.dumps(wanted))
    return subprocess.run(
        (sys.executable, "-I", "-S", str(place / "preflight.py"), "--", "/bin/sh", "-c", script),
        env={"PATH": "/usr/bin:/bin", **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_the_service_gets_every_knob(installed: Path) -> None:
    """Declared values, given or by default, and nothing else is changed."""
    done = start(
        installed, document(knob("a"), knob("b", type_="string", default="ü z")), 'echo "$A $B $C"', A="7", C="c"
    )
    assert (done.returncode, done.stdout) == (0, "7 ü z c\n"), done.stderr


def test_all_that_is_wrong_at_once(installed: Path) -> None:
    """One line each, status 78, and the service is not started."""
    wanted = document(
        knob("a", maximum=3),
        knob("b", type_="enum", default="x", values=["x", "y"]),
        rules=[{"name": "r", "rule": "c > 1", "message": "m", "tree": [">", ["value", 0], ["value", 1]]}],
        secrets=[{"name": "s", "provider": "env", "reference": "TOKEN"}],
        artifacts={"check": "size", "files": [{"name": "m", "path": "/none", "size": 1, "sha256": "0" * 64}]},
    )
    done = start(installed, wanted, "echo ran", A="4", B="z")
    assert (done.returncode, done.stdout) == (78, "")
    said = [line.split(": ")[1] for line in done.stderr.splitlines()]
    assert said == ["TB5412", "TB5413", "TB5414", "TB5415", "TB5416"]


@pytest.mark.parametrize("text", [None, "{", "{}", '{"apiVersion": "twinbuild/configuration/v1"}'])
def test_a_damaged_document(installed: Path, text: str | None) -> None:
    """What can't be read is refused, never skipped."""
    done = start(installed, document(), "echo ran")
    assert done.returncode == 0
    (installed / "configuration.json").unlink()
    if text is not None:
        (installed / "configuration.json").write_text(text)
    done = subprocess.run(
        (sys.executable, "-I", "-S", str(installed / "preflight.py"), "--", "/bin/true"),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 78
    assert "TB5410" in done.stderr


def test_modules_of_the_directory_of_work_shadow_nothing(installed: Path, tmp_path: Path) -> None:
    """``knobs`` and ``configured`` are those beside the entrypoint."""
    for name in ("knobs", "configured", "resource", "hashlib"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('imported')")
    (installed / "configuration.json").write_text(json.dumps(document(knob("a"))))
    done = subprocess.run(
        (sys.executable, "-I", "-S", str(installed / "preflight.py"), "--", "/bin/true"),
        env={"PYTHONPATH": str(tmp_path)},
        cwd=tmp_path,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0


def test_limit_of_open_files(installed: Path) -> None:
    """The soft limit is raised as far as the hard one allows; beyond that the service is refused."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = document(knob("files", "ulimit", default=300, limit="nofile"))
    narrow = "ulimit -S -n 200; ulimit -H -n 400; exec {python} -I -S {entry} -- /bin/sh -c 'ulimit -n'"
    command = narrow.format(python=shlex.quote(sys.executable), entry=shlex.quote(str(installed / "preflight.py")))
    (installed / "configuration.json").write_text(json.dumps(wanted))
    for given, status, printed in ((None, 0, "300"), ("350", 0, "350"), ("401", 78, "")):
        done = subprocess.run(
            ["/bin/sh", "-c", command],
            env={**os.environ, **({"FILES": given} if given else {})},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert (done.returncode, done.stdout.strip()) == (status, printed), done.stderr
        assert ("TB5417" in done.stderr) is (status == 78)
    assert (soft, hard) == resource.getrlimit(resource.RLIMIT_NOFILE)
