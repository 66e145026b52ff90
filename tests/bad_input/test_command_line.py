"""The command line with arguments, environments and streams that it cannot use: one error, its code, no traceback."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from fakes.tool import EXAMPLES, Tool
from twinbuild.cli.outcome import run
from twinbuild.errors import FetchError

ROOT = EXAMPLES.parent
FULL = "/dev/full"


def _started(
    *arguments: str | bytes, directory: Path, close: tuple[int, ...] = (), limit: int | None = None, **environment: str
) -> subprocess.CompletedProcess[bytes]:
    """The tool as a process of its own, with nothing of this one's environment."""
    plain = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT / "generator"), "TWINBUILD_STORE": str(directory / "s")}

    def prepare() -> None:
        for descriptor in close:
            os.close(descriptor)
        if limit is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    return subprocess.run(
        [sys.executable, "-m", "twinbuild.cli", *arguments],
        cwd=directory,
        env={name: value for name, value in (plain | environment).items() if value != "-"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        timeout=60,
        preexec_fn=prepare,
    )


def _quiet(completed: subprocess.CompletedProcess[bytes]) -> bool:
    return b"Traceback" not in completed.stderr and b"TB9000" not in completed.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("biuld",), ("",), ("--unknown",), ("build", "--unknown"), ("build", "a", "b"), ("build", "--format", "rpm"),
        ("run", "--publish", "70000"), ("run", "--publish", "0"), ("run", "--publish", "8000:x"),
        ("run", "--env", "novalue"), ("run", "--env", "=x"), ("run", "--exec", "echo 'a"), ("store",),
        ("store", "gc", "--older-than", "-1"), ("completion", "csh"), ("build\n",), ("x" * 100_000,),
    ],
    ids=lambda arguments: repr(" ".join(arguments))[:30],
)  # fmt: skip
def test_usage(tool: Tool, arguments: tuple[str, ...]) -> None:
    """CL-01: exit 2 and TB8001; as JSON with one finding."""
    assert tool(*arguments).status == 2
    ended = tool(*arguments, "--json")
    assert (ended.status, ended.out) == (2, "")
    answer = json.loads(ended.err)
    assert (answer["exit_code"], [item["code"] for item in answer["findings"]]) == (2, ["TB8001"])
    assert len(ended.err) < 2000


def test_run_without_a_command(tool: Tool) -> None:
    """`--exec` with nothing to run starts no service in its place."""
    for command in ("", " ", "''"):
        ended = tool("run", "--json", "--exec", command)
        assert (ended.status, "TB8001" in ended.err) == (2, True)
        assert "expected a command" in ended.err


def test_a_misspelled_verb_is_answered_with_the_right_one(tool: Tool) -> None:
    """A near miss is named, and the exit status is that of usage."""
    ended = tool("biuld")
    assert ended.status == 2
    assert "Did you mean 'build'?" in ended.err


def test_an_unknown_code(tool: Tool) -> None:
    """TB8011 with one that is near, if any; a known one is explained however it is spelled."""
    far = tool("explain", "TB9999")
    assert (far.status, "did you mean" in far.err) == (2, False)
    ended = tool("explain", "TB3100", "--json")
    assert ended.status == 2
    assert "did you mean TB31" in ended.err
    assert json.loads(ended.err)["findings"][0]["code"] == "TB8011"
    assert tool("explain", "tb3103").out.startswith("TB3103: ")


@pytest.mark.parametrize("verb", ["build", "verify", "release", "run", "lock", "fetch"])
def test_a_path_that_is_no_spec(tool: Tool, verb: str) -> None:
    """TB8010, for a path with a line break or without end too, and with every option form."""
    for path in ("no\nsuch", "x" * 5000, "\u202e", "/proc/self/mem/x"):
        ended = tool(verb, "--json", "--", path)
        assert ended.status in (2, 4), path
        assert json.loads(ended.err)["findings"][0]["code"] in ("TB8010", "TB8002"), path
    assert tool(verb, "--", "-rf").status == 2


def test_a_defect_is_said_to_be_one(tool: Tool, monkeypatch: pytest.MonkeyPatch) -> None:
    """TB9000, exit 70, one line; the traceback only on demand."""

    def broken() -> None:
        raise ZeroDivisionError("by design")

    monkeypatch.setattr("twinbuild.codec.schema.spec_schema", broken)
    ended = tool("schema")
    assert ended.status == 70
    assert "TB9000" in ended.err
    assert "Traceback" not in ended.err
    monkeypatch.setenv("TWINBUILD_TRACEBACK", "1")
    assert "Traceback" in tool("schema").err


def test_an_interrupted_command(tool: Tool, monkeypatch: pytest.MonkeyPatch) -> None:
    """CL-12: exit 130 without a traceback."""

    def interrupted() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("twinbuild.codec.schema.spec_schema", interrupted)
    assert tool("schema").status == 130


NASTY = "a\x1b[31mb\n::error::c\u202ed\x9b2J"


def test_a_directory_whose_name_steers_the_terminal(tool: Tool) -> None:
    """Neither a line of a log nor an escape sequence comes out of a path; JSON has it as it is."""
    ended = tool("init", NASTY)
    assert ended.status == 0
    lines = ended.out.splitlines()
    assert all(line.isprintable() for line in lines)
    assert not any(line.startswith("::") for line in lines)
    assert "a<U+001B>[31mb<U+000A>::error::c<U+202E>d<U+009B>2J/release.yaml written" in lines
    assert all(line.isprintable() for line in tool("spec", f"{NASTY}/nothing").err.splitlines())
    assert tool("store", "verify").status == 0
    (Path(os.environ["TWINBUILD_STORE"]) / NASTY.replace("/", "")).touch()
    said = tool("store", "verify").out
    assert "not of the store: a<U+001B>" in said
    assert "\x1b" not in said


def test_no_json_error_shows_a_secret(tool: Tool, monkeypatch: pytest.MonkeyPatch) -> None:
    """What other programs said, such as an index that repeats a password, is masked in both forms of an error."""

    def fails() -> None:
        where = "authorization: Bearer hunter2hunter2hunter2"
        raise FetchError.of("TB3020", "got https://ada:hunter2@x/", hint="password=hunter2", where=where)

    monkeypatch.setattr("twinbuild.codec.schema.spec_schema", fails)
    for form in ((), ("--json",)):
        ended = tool("schema", *form)
        assert ended.status == 4
        assert "TB3020" in ended.err
        assert "hunter2" not in ended.err
    for form in ((), ("--json",)):
        assert "hunter2" not in tool("run", "--env", "password=hunter2", "--publish", "password=hunter2", *form).err


def test_an_output_that_is_not_ours(tool: Tool, tmp_path: Path) -> None:
    """CL-13: TB8020 for a link, a file and a directory with other files; they are left as they were."""
    from twinbuild.errors import UsageError
    from twinbuild.pipeline.output import Output, replace_directory

    (tmp_path / "file").write_text("mine")
    (tmp_path / "full").mkdir()
    (tmp_path / "full/mine").write_text("mine")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    for name in ("file", "full", "link"):
        with pytest.raises(UsageError) as caught, replace_directory(tmp_path / name, Output.RELEASE):
            raise AssertionError("it must not begin")
        assert caught.value.findings[0].code == "TB8020"
    assert (tmp_path / "full/mine").read_text() == "mine"


def test_a_port_that_is_taken() -> None:
    """TB8013 names the port."""
    import socket

    from twinbuild.cli.publish import _listen
    from twinbuild.errors import EnvironmentFault

    with socket.create_server(("127.0.0.1", 0)) as other, pytest.raises(EnvironmentFault) as caught:
        _listen(other.getsockname()[1])
    assert caught.value.findings[0].code == "TB8013"


def test_no_such_variant() -> None:
    """TB8012 lists the images that there are."""
    from twinbuild.errors import UsageError
    from twinbuild.model.platform import Platform
    from twinbuild.model.spec.environment import Environment, Variant
    from twinbuild.pipeline.run.running import choose_image

    both = ("linux/amd64", "linux/arm64")
    cpu, gpu = Variant(name="cpu"), Variant(name="gpu", platforms=("linux/amd64",))
    environment = Environment.model_validate({"base": {"debian": {"suite": "bookworm"}}, "python": "3.11"})

    def of(*variants: Variant) -> Environment:
        return environment.model_copy(update={"variants": variants, "platforms": both})

    for found, machine, hint in ((of(cpu, gpu), "x86_64", "--variant"), (of(cpu), "riscv64", "run it on")):
        with pytest.raises(UsageError) as caught:
            choose_image(found, machine=machine)
        assert caught.value.findings[0].code == "TB8012"
        assert "cpu (linux/amd64), cpu (linux/arm64)" in caught.value.findings[0].message
        assert hint in caught.value.findings[0].hint
    assert choose_image(of(cpu), machine="aarch64") == ("cpu", Platform.parse("linux/arm64"))
    assert choose_image(of(gpu), machine="aarch64") == ("gpu", Platform.parse("linux/amd64"))  # the only one there is
    assert choose_image(of(gpu, cpu), machine="aarch64") == ("cpu", Platform.parse("linux/arm64"))


def test_the_operating_system_refuses(tool: Tool, monkeypatch: pytest.MonkeyPatch) -> None:
    """TB8002, exit 4, with the path and the system's word for it."""

    def refused() -> None:
        raise PermissionError(13, "Permission denied", "/srv/x")

    monkeypatch.setattr("twinbuild.codec.schema.spec_schema", refused)
    ended = tool("schema")
    assert ended.status == 4
    assert "TB8002" in ended.err
    assert "/srv/x" in ended.err
    assert "give the rights" in ended.err
    assert "make room" not in ended.err


def test_streams_that_are_closed_or_full(tmp_path: Path) -> None:
    """CL-04: nobody reads, nobody listens, nothing can be written: never a traceback, and a status that says so."""
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as pipe, Path(FULL).open("wb") as full:
        for stream, expected in ((pipe, 141), (full, 4)):
            completed = subprocess.run(
                [sys.executable, "-m", "twinbuild.cli", "schema"],
                cwd=tmp_path,
                env={"PYTHONPATH": str(ROOT / "generator"), "PATH": os.environ["PATH"]},
                stdout=stream,
                stderr=subprocess.PIPE,
                check=False,
                timeout=60,
            )
            assert b"Traceback" not in completed.stderr, completed.stderr
            assert b"Exception ignored" not in completed.stderr, completed.stderr
            assert completed.returncode == expected
    for closed in ((0,), (1,), (2,), (0, 1, 2)):
        completed = _started("schema", directory=tmp_path, close=closed)
        assert _quiet(completed), completed.stderr
        assert completed.returncode in (0, 4, 141), closed
        completed = _started("key", "new", "asks-for-a-passphrase", directory=tmp_path, close=closed)
        assert _quiet(completed), completed.stderr
        assert completed.returncode == 2, (closed, completed)


@pytest.mark.parametrize(
    "environment",
    [
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}, {"HOME": "-"}, {"HOME": ""}, {"TERM": "-"},
        {"TERM": "dumb"}, {"TMPDIR": "/nonexistent"}, {"COLUMNS": "1"}, {"COLUMNS": "no"}, {"LC_ALL": "xx_YY.nonsense"},
        {"PYTHONWARNINGS": "error"}, {"PYTHONHASHSEED": "0"}, {"TZ": "Nowhere/City"}, {"NO_COLOR": "1"},
    ],
    ids=str,
)  # fmt: skip
def test_odd_environments(tmp_path: Path, environment: dict[str, str]) -> None:
    """CL-03, CL-04: no home, no terminal, no locale, no temporary directory: the same refusal of the same bad spec."""
    spec = tmp_path / "r\u00e9sum\u00e9.yaml"
    spec.write_text("apiVersion: twinbuild/v1\nkind: R\u00e9lease\n", "utf-8")
    verb = "build" if environment.keys() & {"HOME", "TMPDIR", "PYTHONWARNINGS"} else "spec"  # which imports far less
    completed = _started(verb, spec.name, directory=tmp_path, **environment)
    assert _quiet(completed), completed.stderr
    assert completed.returncode == 2
    assert b"TB1102" in completed.stderr or b"TB11" in completed.stderr


def test_names_that_are_not_utf_8(tmp_path: Path) -> None:
    """CL-04: a file name of any bytes is read, or refused with a code; the message can be printed in any locale."""
    name = b"caf\xe9.yaml"
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name)).write_text("kind: Release\n")
    for locale in ({}, {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}):
        for form in ((), ("--json",)):
            completed = _started("spec", *form, name, directory=tmp_path, **locale)
            assert _quiet(completed), completed.stderr
            assert completed.returncode == 2


@pytest.mark.parametrize("variable", ["TWINBUILD_TIMEOUT", "TWINBUILD_CONNECTIONS", "TWINBUILD_OFFLINE"])
@pytest.mark.parametrize("value", ["abc", "-1", "", "1e20"])
def test_settings_in_the_environment(tmp_path: Path, variable: str, value: str) -> None:
    """CL-08: a variable of ours with a value that it cannot have is TB8033 and named (an empty one counts as unset)."""
    completed = _started("doctor", "--json", directory=tmp_path, **{variable: value})
    assert _quiet(completed), completed.stderr
    if not value:
        assert b"TB8033" not in completed.stdout + completed.stderr
        return
    assert completed.returncode == 2
    assert b"TB8033" in completed.stderr
    assert variable.encode() in completed.stderr


def test_a_file_size_limit(tmp_path: Path) -> None:
    """DF-06: where files may not grow, the store says so (TB3107); nothing half-written has a name."""
    completed = _started("store", "info", "--json", directory=tmp_path, limit=0)
    assert _quiet(completed), completed.stderr
    assert completed.returncode == 4
    assert json.loads(completed.stderr)["findings"][0]["code"] == "TB3107"
    assert _started("store", "info", directory=tmp_path).returncode == 0


def test_every_exit_of_the_runner_is_a_number() -> None:
    """Whatever a command returns, the process ends with a number."""
    import click

    @click.command()
    def nothing() -> None:
        """Return nothing."""

    group = click.Group(commands={"nothing": nothing})
    assert run(group, ["nothing"]) == 0
