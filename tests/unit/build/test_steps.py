"""Build steps in the sandbox: what a step sees, what becomes of its outputs, and what is refused by its name."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fakes.debs import deb, given
from fakes.tools import tools
from twinbuild.build import steps
from twinbuild.build.embedded import EmbeddedBuilder
from twinbuild.build.unpack import layer_members
from twinbuild.debian.scripts import effects_digest
from twinbuild.errors import BuildError, EnvironmentFault, TwinbuildError
from twinbuild.model.digest import Digest
from twinbuild.model.plan import (
    Compression,
    DebianRecipe,
    DebInput,
    FileInput,
    LayerDerivation,
    StepOutput,
    StepRecipe,
    User,
)
from twinbuild.model.platform import Platform
from twinbuild.oci.compress import compressor
from twinbuild.oci.layer import WRITER
from twinbuild.ports import Store
from twinbuild.process.runner import SubprocessRunner
from twinbuild.store.disk import DiskStore

pytestmark = [
    pytest.mark.sandbox,
    pytest.mark.skipif(os.uname().machine != "x86_64", reason="programs of this machine are run"),
]
AMD64 = Platform.parse("linux/amd64")
EPOCH = 1_700_000_000
ACCOUNTS = {"etc/passwd": b"root:*:0:0:root:/root:/bin/sh\n", "etc/group": b"root:*:0:\n", "opt/taken": b"x"}
ENVIRONMENT = (("HOME", "/work"), ("PATH", "/usr/bin:/bin"), ("SOURCE_DATE_EPOCH", str(EPOCH)), ("TMPDIR", "/tmp"))
Layer = dict[str, tuple[str, int, int, bytes]]
Run = Callable[..., Layer]


def _layer(title: str, recipe: Any, platform: Platform = AMD64) -> LayerDerivation:
    return LayerDerivation(
        title=title,
        platform=platform,
        recipe=recipe,
        writer=WRITER,
        compressor=compressor(Compression.ZSTD),
        source_date_epoch=EPOCH,
    )


def _root(store: Store) -> LayerDerivation:
    content = deb("tools", files={**tools("bash", "env", "id", "sort", "stat", "truncate"), **ACCOUNTS}, kind="")
    entry = given("tools")
    package = DebInput(
        name="tools",
        version=entry.version,
        architecture=entry.architecture,
        sha256=store.put(content),
        size=len(content),
        depends=(),
        pre_depends=(),
    )
    user = User(name="app", uid=10001, gid=10001, home="/home/app")
    return _layer("Debian packages", DebianRecipe(debs=(package,), effects=effects_digest(["tools"]), user=user))


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run a shell text as a step with one file as its input; members of its layer by path."""
    store = DiskStore(tmp_path / "store")

    def made(
        text: str,
        *outputs: str,
        files: dict[str, bytes] | None = None,
        earlier: tuple[LayerDerivation, ...] = (),
        platform: Platform = AMD64,
        command: tuple[str, ...] = (),
        **fields: Any,
    ) -> Layer:
        recipe = step(store, text, *outputs, files=files, earlier=earlier, **fields)
        recipe = replace(recipe, command=command or recipe.command)
        builder = EmbeddedBuilder(store=store, runner=SubprocessRunner(), scratch=tmp_path / "scratch")
        (layer,) = builder.realise((_layer("step demo", recipe, platform),))
        assert list((tmp_path / "scratch").iterdir()) == []  # nothing is left behind
        return {
            member.path: (str(member.kind), member.mode, member.uid, body.read(member.size))
            for member, body in layer_members(layer, store)
        }

    made.store = store  # type: ignore[attr-defined]
    return made


def step(
    store: Store,
    text: str,
    *outputs: str,
    files: dict[str, bytes] | None = None,
    earlier: tuple[LayerDerivation, ...] = (),
    name: str = "demo",
    **fields: Any,
) -> StepRecipe:
    """A step of a shell text; an output with a slash at its end is a directory."""
    recipe = StepRecipe(
        step=name,
        runner=steps.STEPS,
        base=(),
        root=(_root(store),),
        files=tuple(
            FileInput(path=path, sha256=store.put(content), size=len(content), mode=0o644)
            for path, content in sorted((files or {}).items())
        ),
        steps=earlier,
        command=("sh", "-ec", text),
        environment=ENVIRONMENT,
        directory="/work",
        uid=10001,
        gid=10001,
        outputs=tuple(StepOutput(path=path.strip("/"), directory=path.endswith("/")) for path in sorted(outputs)),
        timeout=60,
        memory=1 << 30,
        space=64 << 20,
        processes=64,
        fixed_clock=False,
    )
    return replace(recipe, **fields)


def refused(run: Run, *arguments: Any, kind: type[TwinbuildError] = BuildError, **named: Any) -> tuple[str, str, str]:
    """Code, message and hint of the first finding."""
    with pytest.raises(kind) as caught:
        run(*arguments, **named)
    finding = caught.value.findings[0]
    assert "'demo'" in finding.message
    return finding.code, finding.message, finding.hint


def test_outputs_become_a_layer(run: Run) -> None:
    """Declared files enter the layer with their directories: root's, one of two modes, one time; links stay links."""
    layer = run(
        "cat /inputs/application/a.txt > /outputs/models/x; chmod 600 /outputs/models/x; cd /outputs/models/tree;"
        "mkdir -m 700 sub; echo 1 > sub/one; chmod 4711 sub/one; ln -s sub/one link; ln sub/one other;"
        "echo no > /work/n",
        "/models/x",
        "/models/tree/",
        files={"application/a.txt": b"input\n"},
    )
    assert layer == {
        "models": ("directory", 0o755, 0, b""),
        "models/tree": ("directory", 0o755, 0, b""),
        "models/tree/link": ("symlink", 0o777, 0, b""),
        "models/tree/other": ("file", 0o755, 0, b"1\n"),
        "models/tree/sub": ("directory", 0o755, 0, b""),
        "models/tree/sub/one": ("hardlink", 0o755, 0, b""),
        "models/x": ("file", 0o644, 0, b"input\n"),
    }


def test_what_only_root_may_read(run: Run) -> None:
    """A mode without the owner's bits keeps no builder from the bytes: all arrive at one layer."""
    layer = run(
        "cd /outputs/a/x; echo 1 > one; chmod 0 one; mkdir sub; echo 2 > sub/two; chmod 111 sub/two;"
        "chmod 0 sub /outputs/a/x /outputs/a",
        "/a/x/",
    )
    assert {path: entry[1] for path, entry in layer.items()} == {
        **dict.fromkeys(("a", "a/x", "a/x/sub", "a/x/sub/two"), 0o755),
        "a/x/one": 0o644,
    }


def test_hard_links_stand_last(run: Run) -> None:
    """As in every other layer, which is what the other builder writes."""
    layer = run("cd /outputs/a/x; echo 1 > one; ln one other; echo 2 > two; mkdir one-b; ln two one-b/two", "/a/x/")
    assert list(layer) == ["a", "a/x", "a/x/one", "a/x/one-b", "a/x/one-b/two", "a/x/other", "a/x/two"]
    assert [path for path, entry in layer.items() if entry[0] == "hardlink"] == ["a/x/other", "a/x/two"]


def test_what_a_step_sees(run: Run) -> None:
    """Its user, its directory, its variables, its inputs and no others, and no network but its own loopback."""
    layer = run(
        '{ id -u; id -g; ls /inputs /inputs/application; env | sort; echo "$PWD"; ls /sys/class 2>&1 || :; }'
        " > /outputs/a/x;"
        "cat /proc/net/dev > /outputs/a/net",
        "/a/x",
        "/a/net",
        files={"application/a.txt": b"1"},
    )
    assert layer["a/x"][3].decode().splitlines() == [
        *("10001", "10001", "/inputs:", "application", "", "/inputs/application:", "a.txt", "HOME=/work"),
        *("PATH=/usr/bin:/bin", "PWD=/work", f"SOURCE_DATE_EPOCH={EPOCH}", "TMPDIR=/tmp", "/work"),
        "ls: cannot access '/sys/class': No such file or directory",
    ]
    assert [line.split(":")[0].strip() for line in layer["a/net"][3].decode().splitlines()[2:]] == ["lo"]


def test_a_step_sees_no_umask(run: Run) -> None:
    """The second build has another one: modes that a step may look at are the same."""
    text = "umask; stat -c '%a %n' / /inputs /inputs/application /work /outputs /outputs/a"
    seen = []
    for umask in (0o022, 0o077):
        before = os.umask(umask)
        try:
            layer = run(f"{{ {text}; }} > /outputs/a/x; : {umask}", "/a/x", files={"application/a.txt": b"1"})
        finally:
            os.umask(before)
        seen.append(layer["a/x"][3].decode())
    assert seen[0] == seen[1]
    assert seen[0].splitlines()[1:] == [
        f"755 {path}" for path in ("/", "/inputs", "/inputs/application", "/work", "/outputs", "/outputs/a")
    ]


def test_an_earlier_step(run: Run) -> None:
    """Its outputs lie below /inputs/steps, and are built first."""
    store = run.store  # type: ignore[attr-defined]
    first = _layer(
        "step first",
        step(store, "echo made > /outputs/a/x; ln /outputs/a/x /outputs/a/y", "/a/x", "/a/y", name="first"),
    )
    layer = run("cat /inputs/steps/first/a/x /inputs/steps/first/a/y > /outputs/b/y", "/b/y", earlier=(first,))
    assert layer["b/y"][3] == b"made\nmade\n"


def test_a_fixed_clock(run: Run) -> None:
    """It stands at SOURCE_DATE_EPOCH; otherwise a step sees the time as it is."""
    assert run("date +%s > /outputs/a/x", "/a/x", fixed_clock=True)["a/x"][3] == f"{EPOCH}\n".encode()
    assert int(run("date +%s > /outputs/a/x", "/a/x")["a/x"][3]) > EPOCH + 86_400


def test_the_clock_of_a_second_build(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that was told another time tells it to its steps: else a date would be the same twice on one day."""
    monkeypatch.setattr(steps.time, "time", lambda: 4_000_000_000.5)
    assert run("date +%s > /outputs/a/x", "/a/x")["a/x"][3] == b"4000000000\n"


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ("cat /inputs/application/missing", "TB5303", "cat: /inputs/application/missing: No such file"),
        ("gcc -c x.c", "TB5303", "gcc: not found"),
        ("echo x > /usr/x", "TB5310", "Read-only file system"),
        ("echo x > /inputs/x", "TB5310", "Read-only file system"),
        (
            "echo tried https://index.example/simple; echo 'Could not resolve host: index.example' >&2; exit 6",
            "TB5304",
            "reach https://index.example",
        ),
        ("echo 'Could not resolve host: index.example' >&2; exit 6", "TB5304", "reach index.example"),
        ("echo MemoryError: >&2; exit 1", "TB5307", "for want of memory"),
        ("echo 'write error: No space left on device' >&2; exit 1", "TB5306", "for want of space"),
        ("kill -XFSZ $$", "TB5306", "for want of space"),
        ("bash -c 'kill -XFSZ $$'; exit $?", "TB5306", "for want of space"),
        ("echo odd; exit 3", "TB5301", "ended with status 3; its log ends: odd"),
        ("kill -9 $$", "TB5301", "ended with signal 9; it printed nothing"),
    ],
)
def test_a_step_that_fails(text: str, code: str, said: str, run: Run) -> None:
    """The step's name, the end of its log, the cause and what to do."""
    found, message, hint = refused(run, text, "/a/x")
    assert (found, said in message, bool(hint)) == (code, True, True), message


def test_a_real_attempt_at_the_network(run: Run) -> None:
    """There is no route to anywhere, and the message names the target."""
    attempt = ("bash", "-c", "exec 3<>/dev/tcp/192.0.2.1/80")
    code, message, _ = refused(run, "", "/a/x", command=attempt)
    assert (code, "tried to reach 192.0.2.1/80" in message) == ("TB5304", True), message


@pytest.mark.parametrize(
    ("text", "outputs", "code", "said"),
    [
        ("true", ("/a/x",), "TB5309", "left nothing at /outputs/a/x"),
        ("mkdir /outputs/a/x", ("/a/x",), "TB5309", "left a directory at /outputs/a/x"),
        ("ln -s /etc/passwd /outputs/a/x", ("/a/x",), "TB5309", "left a symbolic link at /outputs/a/x"),
        ("true", ("/a/x/",), "TB5309", "left an empty directory at /outputs/a/x"),
        ("cd /outputs; touch a/x a/y", ("/a/x",), "TB5310", "/outputs/a/y, which is no declared output"),
        ("cd /outputs; touch a/x; mkdir z", ("/a/x",), "TB5310", "/outputs/z, which is no declared output"),
        ("touch /outputs/opt/taken", ("/opt/taken",), "TB5311", "/opt/taken would take the place"),
        ("mkfifo /outputs/a/x/p", ("/a/x/",), "TB5312", "/outputs/a/x/p"),
        ("touch /outputs/a/x/.wh.p", ("/a/x/",), "TB5312", "/outputs/a/x/.wh.p, whose name would delete"),
        ("touch /outputs/a/x/p; mkdir /outputs/a/x/.wh..wh..opq", ("/a/x/",), "TB5312", "/outputs/a/x/.wh..wh..opq"),
        (
            "cd /outputs/a/x; truncate -s 60M a b",
            ("/a/x/",),
            "TB5306",
            "have 125829120 bytes, and it may write 67108864",
        ),
    ],
)
def test_outputs_that_are_not_as_declared(text: str, outputs: tuple[str, ...], code: str, said: str, run: Run) -> None:
    """What is missing, what is more, what would replace a file of the image, what no image can hold."""
    found, message, _ = refused(run, text, *outputs)
    assert (found, said in message) == (code, True), message


def test_time(run: Run) -> None:
    """A step that does not end is ended, with what it started, and its log is shown."""
    code, message, _ = refused(run, "echo waiting; sleep 300 & sleep 300", "/a/x", timeout=1)
    assert (code, "within 1 s" in message, message.endswith(": waiting")) == ("TB5305", True, True)


def test_disk(run: Run) -> None:
    """A step that fills the disk is ended."""
    text = "i=0; while :; do dd if=/dev/zero of=/work/$i bs=1M count=4 2>&1; i=$((i+1)); done"
    assert refused(run, text, "/a/x", space=16 << 20)[0] == "TB5306"


def test_memory(run: Run) -> None:
    """A step that takes too much memory fails, or is ended; here a single process meets the kernel's limit."""
    text = "dd if=/dev/zero of=/dev/null bs=512M count=1"
    code, message, hint = refused(run, text, "/a/x", memory=128 << 20)
    assert (code, "memory" in hint) == ("TB5307", True), message


def test_memory_of_many_processes(run: Run) -> None:
    """Processes that keep their own limit, and together take too much, are ended."""
    text = "for i in 1 2 3 4 5 6; do dd if=/dev/zero of=/dev/null bs=64M count=100000 & done; wait"
    assert refused(run, text, "/a/x", memory=200 << 20)[0] == "TB5307"


@pytest.mark.skipif(os.getuid() != 0, reason="the kernel itself keeps others than root to the number")
def test_a_fork_bomb(run: Run) -> None:
    """It is ended as a whole, soon."""
    code, _, _ = refused(run, "bomb() { sleep 0.05; bomb | bomb & }; bomb; sleep 60", "/a/x", processes=64, timeout=30)
    assert code == "TB5308"


def test_a_program_that_is_not_there(run: Run) -> None:
    """It is named."""
    code, message, _ = refused(run, "", "/a/x", command=("/usr/bin/gcc", "x.c"))
    assert (code, "start the program /usr/bin/gcc" in message) == ("TB5303", True), message


def test_another_architecture(run: Run) -> None:
    """It says which machine is needed."""
    foreign = Platform.parse("linux/arm64")
    code, message, _ = refused(run, "true", "/a/x", platform=foreign, kind=EnvironmentFault)
    assert (code, "this machine is x86_64" in message) == ("TB5302", True)


def test_another_runner(run: Run) -> None:
    """A plan of another twinbuild is not carried out."""
    with pytest.raises(BuildError) as caught:
        run("true", "/a/x", runner="step/0")
    assert caught.value.findings[0].code == "TB5012"


def test_no_namespaces(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without user namespaces is refused with what to do."""

    def none(*_: object, **__: object) -> None:
        raise EnvironmentFault.of("TB5910", "no sandbox on this machine, cannot unshare", hint="allow them")

    monkeypatch.setattr(steps.Sandbox, "record", none)
    code, _, hint = refused(run, "true", "/a/x", kind=EnvironmentFault)
    assert (code, hint) == ("TB5302", "allow them")


def test_a_digest_is_that_of_the_recipe(run: Run) -> None:
    """Whatever a step is made of makes another derivation."""
    store = run.store  # type: ignore[attr-defined]
    one = step(store, "true", "/a/x")
    assert len({one, replace(one, fixed_clock=True), replace(one, memory=2), replace(one, command=("x",))}) == 4
    assert Digest.of(b"") != one.root[0].recipe
