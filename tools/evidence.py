"""Prints the figures that the promises rest on, each measured now: bills of materials, tampering, secrets, causes.

Releases of two examples are made (or stand), their bills are held against their images, and the tests that count
something are run; what they counted is read from their report. Exit 1 where a figure is not what it has to be.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
EXAMPLES = ("fraud-scorer", "text-embedder")


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
        least=100,
    ),
    Cases(what="challenges of rebuilders", tests=("tests/unit/pipeline/challenge/test_judging.py",), least=15),
    Cases(
        what="archives: every kind of blob missing or damaged, imports",
        tests=("tests/unit/pipeline/archive",),
        least=60,
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
    """Status 0 if every figure is what it has to be."""
    ok = True
    for example in EXAMPLES:
        ok &= _bill(example)
    ok &= _tests()
    print("all as it has to be" if ok else "NOT as it has to be")
    return int(not ok)


def _twinbuild(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "twinbuild.cli", *arguments], capture_output=True, text=True, check=False, cwd=ROOT
    )


def _bill(example: str) -> bool:
    """Components of a release, and how exactly they are those of its images."""
    released = _twinbuild("release", f"examples/{example}", "--locked", "--json")
    if released.returncode:
        print(released.stderr, file=sys.stderr)
        return False
    document = json.loads(released.stdout)
    committed = (ROOT / "examples" / example / "release.digest").read_text().strip()
    same = document["release"] == committed
    print(f"{example}  {document['release']}{'' if same else f'  (committed: {committed})'}")
    checked = json.loads(_twinbuild("sbom", "check", document["directory"], "--json").stdout)
    for image in checked["images"]:
        for what in ("files", "packages"):
            of = image[what]
            print(f"  {image['image']}  {of['count']} {what}: precision {of['precision']}, recall {of['recall']}")
    for standard in sorted({element["standard"] for element in checked["elements"]}):
        asked = [each for each in checked["elements"] if each["standard"] == standard and each["required"]]
        missing = sorted(each["element"] for each in asked if each["have"] < each["asked"])
        lacks = f", missing: {', '.join(missing)}" if missing else ""
        print(f"  {standard}: {len(asked) - len(missing)} of {len(asked)} required elements{lacks}")
    return same and checked["exact"]


def _tests() -> bool:
    """The counted tests, in one run."""
    with tempfile.TemporaryDirectory() as scratch:
        report = Path(scratch, "report.xml")
        nodes = [*(node for cases in CASES for node in cases.tests), *(node for node, *_ in COUNTED)]
        subprocess.run(
            [
                *(sys.executable, "-m", "pytest", "-q", "-n", "auto", "-p", "no:randomly", "-m", "not network"),
                *("--junitxml", str(report), *nodes),
            ],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": "0"},
            stdout=subprocess.DEVNULL,
            check=False,
        )
        found = tuple(_report(report))
    return _show_cases(found) & _show_counted(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A case of the report: its place, its outcome, its properties."""

    place: str
    outcome: str
    properties: tuple[tuple[str, str], ...]


def _report(path: Path) -> Iterator[Case]:
    for case in ET.parse(path).iter("testcase"):
        failed = any(case.find(kind) is not None for kind in ("failure", "error"))
        skipped = case.find("skipped") is not None
        outcome = "failed" if failed else "skipped" if skipped else "passed"
        name = (case.get("name") or "").partition("[")[0]
        properties = tuple((each.get("name", ""), each.get("value", "")) for each in case.iter("property"))
        yield Case(
            place=f"{(case.get('classname') or '').replace('.', '/')}.py::{name}",
            outcome=outcome,
            properties=properties,
        )


def _show_cases(found: tuple[Case, ...]) -> bool:
    ok = True
    for cases in CASES:
        outcomes = Counter(case.outcome for case in found if any(_within(case.place, node) for node in cases.tests))
        total = outcomes.total() - outcomes["skipped"]
        print(f"{outcomes['passed']:5} of {total}  {cases.what}")
        ok &= outcomes["passed"] == total >= cases.least
    return ok


def _within(place: str, node: str) -> bool:
    return place == node or place.startswith((f"{node}/", f"{node}::"))


def _show_counted(found: tuple[Case, ...]) -> bool:
    ok = True
    for node, name, begins in COUNTED:
        cases = [case for case in found if case.place == node]
        values = [value for case in cases for key, value in case.properties if key == name]
        for value in values:
            print(value if value.startswith(name) else f"{name}: {value}")
            ok &= value.startswith(begins)
        ok &= bool(values) and all(case.outcome == "passed" for case in cases)
    return ok


if __name__ == "__main__":
    sys.exit(main())
