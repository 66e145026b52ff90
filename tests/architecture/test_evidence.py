"""``tools/evidence.py``: if a part fails, the other figures are printed, and it ends with a message and status 1."""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any, Final
from xml.sax.saxutils import quoteattr

import pytest

SOURCE: Final = Path(__file__).resolve().parents[2] / "tools" / "evidence.py"
Answer = tuple[int, str, str]


@pytest.fixture
def evidence(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script as a module."""
    spec = importlib.util.spec_from_file_location("evidence", SOURCE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "evidence", module)
    spec.loader.exec_module(module)
    return module


def _checked(*, exact: bool = True, have: int = 5) -> str:
    of = {"count": 5, "precision": 1.0, "recall": 1.0 if exact else 0.8}
    image = {"image": "cpu linux/amd64", "files": of, "packages": of}
    element = {"standard": "ntia", "element": "component name", "required": True, "have": have, "asked": 5}
    return json.dumps({"images": [image], "elements": [element], "exact": exact})


def _report(module: ModuleType, path: str, *, outcome: str = "", without: str = "no such test") -> None:
    """A report of pytest in which every counted test is, as often as it has to be."""
    cases: list[str] = []
    for what in module.CASES:
        place = what.tests[0] if ".py" in what.tests[0] else f"{what.tests[0]}/test_x.py"
        file, _, name = place.removesuffix(".py").partition(".py::")
        dotted, name = file.replace("/", "."), name or "test_x"
        cases += (f'<testcase classname="{dotted}" name="{name}[{number}]"/>' for number in range(what.least))
    for node in (node for _, nodes in module.TAMPERED for node in nodes if without not in node):
        file, _, test = node.partition(".py::")
        names = (test,) if "[" in test else (f"{test}[a]", f"{test}[b]")
        cases += (f'<testcase classname="{file.replace("/", ".")}" name={quoteattr(name)}/>' for name in names)
    for node, name, begins in module.COUNTED:
        file, _, test = node.partition(".py::")
        cases.append(
            f'<testcase classname="{file.replace("/", ".")}" name="{test}"><properties>'
            f'<property name="{name}" value="{begins or "1 of 1"}"/></properties>{outcome}</testcase>'
        )
    Path(path).write_text(f"<testsuites><testsuite>{''.join(cases)}</testsuite></testsuites>", "utf-8")


@pytest.fixture
def ran(
    evidence: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    """Runs it with programs that answer as told; gives its status, output and messages."""

    def run(
        *, release: Answer | None = None, check: Answer | None = None, pytest_ends: Answer = (0, "", ""), **how: Any
    ) -> tuple[int, str, str]:
        def answer(command: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
            if "pytest" in command:
                if how.get("report", True):
                    _report(
                        evidence,
                        command[command.index("--junitxml") + 1],
                        outcome=how.get("outcome", ""),
                        without=how.get("without", "no such test"),
                    )
                return subprocess.CompletedProcess(command, *pytest_ends)
            if "release" in command:
                example = Path(command[command.index("release") + 1])
                digest = (evidence.ROOT / example / "release.digest").read_text().strip()
                made = json.dumps({"release": digest, "directory": "dist"})
                refused = release if example.name == "fraud-scorer" else None
                return subprocess.CompletedProcess(command, *(refused or (0, made, "")))
            return subprocess.CompletedProcess(command, *(check or (0, _checked(), "")))

        monkeypatch.setattr(evidence.subprocess, "run", answer)
        status: int = evidence.main()
        said = capsys.readouterr()
        return status, said.out, said.err

    return run


def test_all_well(ran: Callable[..., tuple[int, str, str]]) -> None:
    """Status 0, and every figure."""
    status, out, _ = ran()
    assert status == 0
    assert out.endswith("all as it has to be\n")
    assert re.search(r" (7..) of \1  tests of trust roots", out)
    assert "\n  5 components\n" in out
    assert "\n    2 of 2  altered template, and what it renders\n" in out
    assert "causes named: 1 of 1\n" in out


@pytest.mark.parametrize(
    ("how", "last", "told"),
    [
        ({"release": (6, "", "error[TB4001]: it broke")}, "fraud-scorer (not measured)", "  error[TB4001]: it broke"),
        (
            {"release": (3, "", '{"findings": [{"code": "TB2220", "message": "stale", "remedy": "run it"}]}')},
            "fraud-scorer (not measured)",
            "  error[TB2220]: stale\n    = help: run it\n",
        ),
        ({"check": (5, "", "error[TB7005]: no")}, "fraud-scorer (not measured), text-embedder (not", "ended with 5:"),
        ({"check": (-9, "", "")}, "fraud-scorer (not measured), text-embedder (not", "  it said nothing"),
        ({"check": (0, "[]", "")}, "fraud-scorer (not measured), text-embedder (not", "ended with 0:"),
        ({"check": (0, "{}", "")}, "fraud-scorer (not measured), text-embedder (not", "KeyError: 'images'"),
        ({"check": (1, _checked(exact=False), "")}, "fraud-scorer (bill and images differ: ", ""),
        (
            {"report": False, "pytest_ends": (4, "no such file", "")},
            "tests (not measured)",
            "ended with 4 and no report",
        ),
        (
            {"outcome": '<failure message="1 != 2&#10;x"/>'},
            "audit logs tampered with, found, causes",
            "_causes.py::test",
        ),
        ({"outcome": '<skipped message="no sandbox"/>'}, "audit logs tampered with, found, causes", "no sandbox"),
        (
            {"without": "test_tampered[lock]"},
            "tamper cases (lock)",
            "",
        ),
        ({"check": (0, _checked(have=4), "")}, "fraud-scorer (ntia: 1 required elements are missing), text-", ""),
        ({"pytest_ends": (3, "", "")}, "tests (pytest ended with 3)", ""),
    ],
)
def test_a_part_fails(how: dict[str, Any], last: str, told: str, ran: Callable[..., tuple[int, str, str]]) -> None:
    """Status 1; the last line names the part, standard error has its reason, and the others' figures stand there."""
    status, out, err = ran(**how)
    assert status == 1
    assert out.splitlines()[-1].startswith(f"NOT as it has to be: {last}")
    assert told in err
    assert ("text-embedder  sha256:" in out) or "check" in how
    assert (re.search(r" (1.) of \1  tests of challenges", out) is not None) is how.get("report", True)
    assert "Traceback" not in out + err
