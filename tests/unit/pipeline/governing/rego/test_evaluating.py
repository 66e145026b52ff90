"""``pipeline.governing.rego.evaluating``: in a process of its own, within bounds, and never passed over."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

import twinbuild
from fakes.rego import NEEDS_ENGINE, rego_policy
from twinbuild.errors import EnvironmentFault, PolicyRefused
from twinbuild.govern.judging.rego import rego_about
from twinbuild.model.governed import RegoAnswer
from twinbuild.pipeline.governing.rego import evaluating
from twinbuild.pipeline.governing.rego.evaluating import check_rego, judge_rego

pytestmark = NEEDS_ENGINE

INPUT: dict[str, Any] = {"stage": "production", "facts": {"builds": 2}, "release": {}, "sbom": {"text": "a" * 40 + "b"}}


def _said(place: Path, text: str) -> tuple[RegoAnswer, ...]:
    policy = rego_policy(place, {"x.rego": f"package main\n{text}\n"})
    about = rego_about(policy.value, "tiny", "production")
    return judge_rego(policy, about, place, beside="", document=INPUT)


def test_answers(tmp_path: Path) -> None:
    """Texts, and the text of objects; each rule in its own answer, with file and line."""
    text = 'deny contains {"msg": "b", "more": 1}\ndeny contains "a" if input.stage == "production"\nwarn contains "w"'
    assert _said(tmp_path, text) == (
        RegoAnswer(rules="house", file="x.rego:2", rule="main.deny", messages=("a", "b")),
        RegoAnswer(rules="house", file="x.rego:4", rule="main.warn", messages=("w",)),
    )


def test_check(tmp_path: Path) -> None:
    """What a policy names, and lies beside it; () for one without Rego."""
    files = {"x.rego": 'package main\ndeny contains "a"\n', "lib.rego": "package lib\nx := 1\n"}
    policy = rego_policy(tmp_path, files, ("lib.rego",))
    assert check_rego(policy, tmp_path) == tuple((name, text.encode()) for name, text in files.items())


def test_faults(tmp_path: Path) -> None:
    """At line and column of the file, with the line, when it is put into a trust root and when it judges."""
    text = "package main\n\ndeny contains msg if msg := nope\n"
    policy = rego_policy(tmp_path, {"x.rego": text})
    for call in (
        lambda: check_rego(policy, tmp_path),
        lambda: judge_rego(policy, rego_about(policy.value, "t", "production"), tmp_path, beside="", document=INPUT),
    ):
        with pytest.raises(PolicyRefused) as raised:
            call()
        (finding,) = raised.value.findings
        assert (finding.code, str(finding.where)) == ("TB8894", f"{tmp_path}/x.rego:3:22")
        assert finding.where.excerpt == "deny contains msg if msg := nope"


@pytest.mark.parametrize("value", ["3", "null", '["a"]', '{"message": "x"}', '{"msg": 3}', '""', '" "', '{"msg": ""}'])
def test_no_message(value: str, tmp_path: Path) -> None:
    """What is no text, and has none, refuses."""
    (answer,) = _said(tmp_path, f'deny contains "fine"\ndeny contains {value}')
    assert answer.messages == ()
    assert "expected a text" in answer.fault


def test_many(tmp_path: Path) -> None:
    """Some of the messages, how many more, and the beginning of a long one."""
    (answer,) = _said(tmp_path, 'deny contains sprintf("%v", [x]) if some x in numbers.range(1, 1200)')
    assert (len(answer.messages), answer.messages[-1]) == (1001, "and 200 more")
    (answer,) = _said(tmp_path, 'deny contains concat("", [x | some y in numbers.range(1, 600); x := "é"])')
    assert answer.messages == (f"{'é' * 500}…",)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('deny contains "a" if regex.match(`^(a+)+$`, input.sbom.text)', "not done after 1 seconds"),
        ('deny contains "a" if count(numbers.range(1, 1000000000)) > 1', "more than 128 MiB"),
        ('data := 1\ndeny contains "a"', "the engine ended by SIG"),
    ],
)
def test_bounds(text: str, why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Too long, too large, or the engine's end: nobody knows what it would say."""
    monkeypatch.setattr(evaluating, "SECONDS", 1)
    monkeypatch.setattr(evaluating, "MEMORY", 128 << 20)
    (answer,) = _said(tmp_path, text)
    assert (answer.messages, answer.rule) == ((), "")
    assert why in answer.fault


@pytest.mark.parametrize(("found", "why"), [("", "is not installed"), ("1.4.9", "1.4.9 is installed")])
def test_no_engine(found: str, why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the extra, or with another version: an error that says what to install."""
    monkeypatch.setattr(evaluating, "version", lambda _: found)
    policy = rego_policy(tmp_path, {"x.rego": 'package main\ndeny contains "a"\n'})
    with pytest.raises(EnvironmentFault, match=why) as raised:
        check_rego(policy, tmp_path)
    assert raised.value.findings[0].code == "TB8891"
    assert "twinbuild[rego]" in raised.value.findings[0].hint


def test_a_library_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Installed, and not to be loaded: an error of the machine, not one of the rules."""
    beside = tmp_path / "beside"
    shutil.copytree(Path(twinbuild.__file__).parent, beside / "twinbuild", ignore=shutil.ignore_patterns("__pycache__"))
    said = "libatomic.so.1: cannot open shared object file: No such file or directory"
    (beside / "regopy.py").write_text(f"raise OSError({said!r})\n", encoding="utf-8")
    monkeypatch.setattr(twinbuild, "__file__", str(beside / "twinbuild" / "__init__.py"))
    policy = rego_policy(tmp_path, {"x.rego": 'package main\ndeny contains "a"\n'})
    with pytest.raises(EnvironmentFault, match=f"does not load: {said}") as raised:
        check_rego(policy, tmp_path)
    assert (raised.value.findings[0].code, "libatomic1" in raised.value.findings[0].hint) == ("TB8891", True)


@pytest.mark.parametrize("answer", ["", "{}", '{"faults": [], "rules": []}', '{"faults": [], "rules": [{}]}', "[]"])
def test_foreign_answer(answer: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer that is none is not taken for "nothing to object to"."""
    from twinbuild.ports import Completed

    completed = Completed(status=0, stdout=answer.encode(), stderr=b"")
    monkeypatch.setattr(evaluating, "run_bounded", lambda *_, **__: completed)
    (found,) = _said(tmp_path, 'deny contains "a"')
    assert "cannot be read" in found.fault
    policy = rego_policy(tmp_path, {"x.rego": 'package main\ndeny contains "a"\n'})
    with pytest.raises(PolicyRefused, match="cannot be read"):
        check_rego(policy, tmp_path)


def test_alone(tmp_path: Path) -> None:
    """The process has no environment, reads no file, opens no socket, and with its input not even its own file."""
    from twinbuild.pipeline.governing.rego import engine

    probe = tmp_path / "probe.py"
    probe.write_text(
        "import json, os, sys\n"
        "from twinbuild.pipeline.governing.rego import engine\n"
        "import socket\n"
        "def tried(call):\n"
        "    try:\n"
        "        call()\n"
        "    except OSError:\n"
        "        return 'refused'\n"
        "    return 'done'\n"
        "found, compiled = {}, engine.compiled\n"
        "def first(sources, place):\n"
        "    found['environment'] = dict(os.environ)\n"
        "    found['read'] = tried(lambda: open('/etc/passwd').close())\n"
        "    found['socket'] = tried(lambda: socket.socket().close())\n"
        "    found['signal'] = tried(lambda: os.kill(os.getppid(), 0))\n"
        "    open('mine', 'w').close()\n"
        "    return compiled(sources, place)\n"
        "engine.compiled = first\n"
        "engine._evaluated = lambda *_: {**found, 'own': tried(lambda: open('mine'))}\n"
        "sys.exit(engine._main())\n"
    )
    import pickle
    import sys

    from twinbuild.build.confined import version
    from twinbuild.process.runner import SubprocessRunner

    assert engine.__file__ is not None
    module = {"name": "x.rego", "text": 'package main\ndeny contains "a"', "package": ("main",), "decides": True}
    (tmp_path / "empty").mkdir()
    done = SubprocessRunner().run(
        (sys.executable, "-P", "-s", str(probe)),
        environment=(("PYTHONPATH", str(Path(engine.__file__).parents[4])), ("SECRET", "x")),
        stdin=pickle.dumps({"bounds": (10, 1 << 30), "modules": [module], "schema": {}, "input": "{}"}),
        directory=tmp_path / "empty",
    )
    assert done.status == 0, done.stderr.decode()
    reads = "refused" if version() else "done"
    (said,) = json.loads(done.stdout)["rules"]
    assert {key: value for key, value in said.items() if key not in ("package", "name", "title", "files")} == {
        "environment": {},
        "read": reads,
        "socket": "refused",
        "signal": "refused",
        "own": "refused",
    }
