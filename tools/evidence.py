"""Prints the figures that the promises rest on, each measured now: bills of materials, tampering, secrets, causes.

Releases of two examples are made (or stand), their bills are held against their images, and the tests that count
something are run; what they counted is read from their report. A part that fails is told on standard error and takes
no other one with it. Exit 1 where a figure is not what it has to be, or could not be had; the last line says which.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
EXAMPLES = ("fraud-scorer", "text-embedder")
_TOLD = 20
"""Lines of a failed part, and tests that fail, which are told; more would hide the figures."""


class NotMeasuredError(Exception):
    """A part ended without its figures; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cases:
    """Tests whose cases are counted: ``least`` are there, and all pass."""

    what: str
    tests: tuple[str, ...]
    least: int


CASES = (
    Cases(
        what="tampered releases, refused with their reason",
        tests=("tests/unit/cli/test_verify_release.py::test_tampered",),
        least=36,
    ),
    Cases(
        what="trust roots, policies, approvals, promotions: forged, replayed, expired, edited",
        tests=("tests/unit/pipeline/governing", "tests/unit/govern"),
        least=600,
    ),
    Cases(what="challenges of rebuilders", tests=("tests/unit/pipeline/challenge/test_judging.py",), least=15),
    Cases(
        what="archives: every kind of blob missing or damaged, imports",
        tests=("tests/unit/pipeline/archive",),
        least=100,
    ),
    Cases(
        what="kinds of planted secrets, found", tests=("tests/unit/codec/leaks/test_rules.py::test_found",), least=40
    ),
)
# Tests that count by themselves: the property of their report, and what it has to begin with.
COUNTED = (
    (
        "tests/unit/pipeline/audit/test_read.py::test_a_thousand_tamperings",
        "audit logs tampered with, found",
        "1000 of 1000",
    ),
    ("tests/pipeline/test_mismatch_causes.py::test_injected", "causes named", ""),
    ("tests/pipeline/test_mismatch_causes.py::test_real_programs", "causes named, real programs", ""),
)


def main() -> int:
    """Status 0 if every figure is what it has to be, else 1; 130 if somebody stopped it."""
    wrong: list[str] = []
    try:
        for example in EXAMPLES:
            wrong += _measured(example, partial(_bill, example))
        wrong += _measured("tests", _tests)
    except KeyboardInterrupt:
        _say("stopped: no figure after the last line was measured")
        return 130
    print(f"NOT as it has to be: {', '.join(wrong)}" if wrong else "all as it has to be", flush=True)
    return int(bool(wrong))


def _say(text: str) -> None:
    print(f"evidence: {text}", file=sys.stderr, flush=True)


def _show(line: str) -> None:
    print(line, flush=True)


def _measured(part: str, measure: Callable[[], list[str]]) -> list[str]:
    """What is wrong with the figures of a part. Whatever happens in it, the next part is measured."""
    try:
        return measure()
    except NotMeasuredError as error:
        _say(f"{part}: {error}")
    except (OSError, ValueError, LookupError, TypeError) as error:
        # a document of another shape than this script knows
        _say(f"{part}: not measured: {type(error).__name__}: {error}")
    return [f"{part} (not measured)"]


def _twinbuild(*arguments: str) -> dict[str, Any]:
    """The document that a verb prints with ``--json``; also of a check that finds something (exit 1)."""
    command = [sys.executable, "-m", "twinbuild.cli", *arguments, "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    try:
        document = json.loads(done.stdout)
    except ValueError:
        document = None
    if not isinstance(document, dict) or done.returncode not in (0, 1):
        said = _findings(done.stderr.strip()) or done.stderr.strip() or done.stdout.strip()
        raise NotMeasuredError(f"`twinbuild {' '.join(arguments)}` ended with {done.returncode}:\n{_last(said)}")
    return document


def _findings(said: str) -> str:
    """The errors of a verb with ``--json``, as it tells them without; "" for any other text."""
    try:
        found = json.loads(said)["findings"]
        return "\n".join(f"error[{one['code']}]: {one['message']}\n  = help: {one['remedy']}" for one in found)
    except (ValueError, LookupError, TypeError):
        return ""


def _last(said: str) -> str:
    lines = said.splitlines()
    left = [f"  … {len(lines) - _TOLD} lines before that"] if len(lines) > _TOLD else []
    return "\n".join([*left, *(f"  {line}" for line in lines[-_TOLD:])]) or "  it said nothing"


def _bill(example: str) -> list[str]:
    """Components of a release, and how exactly they are those of its images."""
    _say(f"the release of {example}")
    document = _twinbuild("release", f"examples/{example}", "--locked")
    committed = (ROOT / "examples" / example / "release.digest").read_text().strip()
    same = document["release"] == committed
    _show(f"{example}  {document['release']}{'' if same else f'  (committed: {committed})'}")
    checked = _twinbuild("sbom", "check", document["directory"])
    for image in checked["images"]:
        for what in ("files", "packages"):
            of = image[what]
            _show(f"  {image['image']}  {of['count']} {what}: precision {of['precision']}, recall {of['recall']}")
    for standard in sorted({element["standard"] for element in checked["elements"]}):
        asked = [each for each in checked["elements"] if each["standard"] == standard and each["required"]]
        missing = sorted(each["element"] for each in asked if each["have"] < each["asked"])
        lacks = f", missing: {', '.join(missing)}" if missing else ""
        _show(f"  {standard}: {len(asked) - len(missing)} of {len(asked)} required elements{lacks}")
    wrong = [] if same else [f"{example} (another digest than the committed one)"]
    return wrong if checked["exact"] else [*wrong, f"{example} (bill and images differ: `twinbuild sbom check`)"]


def _tests() -> list[str]:
    """The counted tests, in one run."""
    nodes = [*(node for cases in CASES for node in cases.tests), *(node for node, *_ in COUNTED)]
    _say("the tests that are counted: some minutes")
    with tempfile.TemporaryDirectory() as scratch:
        report = Path(scratch, "report.xml")
        done = _pytest("-n", "auto", "-p", "no:randomly", "-m", "not network", "--junitxml", str(report), *nodes)
        try:
            found = tuple(_report(report))
        except (OSError, ET.ParseError):
            said = done.stdout.strip() or done.stderr.strip()
            raise NotMeasuredError(f"pytest ended with {done.returncode} and no report:\n{_last(said)}") from None
    _name_failures(found)
    wrong = [*_show_cases(found), *_show_counted(found)]
    # what failed may be a test that no figure counts, or pytest itself
    return wrong or ([f"tests (pytest ended with {done.returncode})"] if done.returncode else [])


def _pytest(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": "0"},
        capture_output=True,
        text=True,
        check=False,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A case of the report: its place, its full name, its outcome and why, its properties."""

    place: str
    case: str
    outcome: str
    why: str
    properties: tuple[tuple[str, str], ...]


def _report(path: Path) -> Iterator[Case]:
    for case in ET.parse(path).iter("testcase"):
        ended = next((each for each in case if each.tag in ("failure", "error", "skipped")), None)
        outcome = "passed" if ended is None else "skipped" if ended.tag == "skipped" else "failed"
        why = "" if ended is None else (ended.get("message") or "").strip().partition("\n")[0]
        file = f"{(case.get('classname') or '').replace('.', '/')}.py"
        name = case.get("name") or ""
        yield Case(
            place=f"{file}::{name.partition('[')[0]}",
            case=f"{file}::{name}",
            outcome=outcome,
            why=why,
            properties=tuple((each.get("name", ""), each.get("value", "")) for each in case.iter("property")),
        )


def _name_failures(found: tuple[Case, ...]) -> None:
    named = [case for case in found if case.outcome != "passed"]
    for case in named[:_TOLD]:
        _say(f"{case.outcome}: {case.case}{f'  {case.why[:200]}' * bool(case.why)}")
    if len(named) > _TOLD:
        _say(f"… and {len(named) - _TOLD} more")


def _show_cases(found: tuple[Case, ...]) -> Iterator[str]:
    for cases in CASES:
        outcomes = Counter(case.outcome for case in found if any(_within(case.place, node) for node in cases.tests))
        total = outcomes.total()
        few = f"; at least {cases.least} are expected" if total < cases.least else ""
        _show(f"{outcomes['passed']:5} of {total}  {cases.what}{few}")
        if outcomes["passed"] != total or few:
            yield cases.what.partition(",")[0].partition(":")[0]


def _within(place: str, node: str) -> bool:
    return place == node or place.startswith((f"{node}/", f"{node}::"))


def _show_counted(found: tuple[Case, ...]) -> Iterator[str]:
    for node, name, begins in COUNTED:
        cases = [case for case in found if case.place == node]
        values = [value for case in cases for key, value in case.properties if key == name]
        for value in values:
            _show(value if value.startswith(name) else f"{name}: {value}")
        if not values:
            _show(f"{name}: not counted")
        passed = all(case.outcome == "passed" for case in cases)
        if not values or not passed or not all(value.startswith(begins) for value in values):
            yield name


if __name__ == "__main__":
    sys.exit(main())
