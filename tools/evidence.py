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
NAMED = "component name"
"""The element that every component is asked for."""
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


RELEASE = "tests/unit/cli/test_verify_release.py"
GOVERNING = "tests/unit/pipeline/governing"
ROOTED = "tests/unit/govern/test_rooted.py"


def _changed(*names: str) -> tuple[str, ...]:
    """Cases of the test that changes a signed release and verifies it: exit code, code of the error, what is said."""
    return tuple(f"{RELEASE}::test_tampered[{name}]" for name in names)


# What is tampered with, and the tests that do it: each must be there, and see a refusal with its reason.
TAMPERED = (
    ("layer", _changed("layer", "swapped layers", "no layer", "index of the layout")),
    ("SBOM", _changed("SBOM", "signature of the SBOM", "SBOM of the manifest")),
    ("lock", _changed("lock", "lock for people", "another release")),
    (
        "weights shard",
        _changed(
            "weights shard",
            "weights shards of each other",
            "weights shard twice in an image that holds together",
            "no weights shard",
            "signature of the weights",
        ),
    ),
    (
        "added file",
        (*_changed("added file", "added signature of nothing"), f"{GOVERNING}/test_approving.py::test_added_files"),
    ),
    ("renamed or missing file", _changed("renamed", "missing", "a link for an envelope")),
    ("altered template, and what it renders", _changed("altered template", "altered template of a deployment")),
    (
        "manifest and provenance",
        _changed(
            *(
                "manifest",
                "manifest for people",
                "digest",
                "provenance",
                "no provenance",
                "signature of the provenance",
            ),
            "provenance of the manifest",
        ),
    ),
    (
        "signatures: forged, of each other, of another text, taken away",
        (
            *_changed("no signatures", "no statement", "signature", "signatures of each other", "signed text"),
            *_changed("type of the signed text", "no signature in it", "no envelope", "plain signature"),
            *_changed("signature of an image", "another image", "no image", "an image twice", "no list of images"),
            *_changed("signatures of images in another's name"),
            f"{RELEASE}::test_strangers",
            f"{ROOTED}::test_forged",
            f"{GOVERNING}/test_approving.py::test_forged",
            "tests/unit/pipeline/challenge/test_judging.py::test_a_forged_statement",
        ),
    ),
    (
        "downgrade",
        (
            f"{RELEASE}::test_expected",
            f"{GOVERNING}/test_trustdir.py::test_downgrade",
            f"{GOVERNING}/test_trustdir.py::test_gap",
            f"{GOVERNING}/test_remembered.py::test_never_back",
        ),
    ),
    (
        "replay: signatures, approvals and tokens of another release or stage",
        (
            f"{RELEASE}::test_an_envelope_of_another_release",
            f"{RELEASE}::test_images_of_another_release",
            f"{GOVERNING}/test_approving.py::test_replayed",
            f"{GOVERNING}/test_promoting.py::test_approval_of_another_version",
            f"{GOVERNING}/test_tokens.py::test_replayed",
        ),
    ),
    (
        "expired key",
        (f"{GOVERNING}/test_trustedrelease.py::test_expired", f"{GOVERNING}/test_trustdir.py::test_expired"),
    ),
    (
        "revoked key",
        (
            f"{GOVERNING}/test_knowing.py::test_revoked",
            f"{GOVERNING}/test_trustedrelease.py::test_revoked_and_logged",
            f"{GOVERNING}/test_tokens.py::test_revoked",
            f"{ROOTED}::test_revoked_keys_do_not_sign",
        ),
    ),
    (
        "self-approval",
        (
            f"{GOVERNING}/test_knowing.py::test_approved_by_another",
            f"{GOVERNING}/test_knowing.py::test_second_key_of_the_same_person",
            f"{GOVERNING}/test_tokens.py::test_one_person",
            "tests/unit/govern/judging/test_people.py::test_one_person_with_two_keys",
        ),
    ),
    (
        "edited policy, rules or record of promotions",
        (
            "tests/unit/cli/test_promote.py::test_edited_policy",
            f"{GOVERNING}/rego/test_files.py::test_another",
            f"{GOVERNING}/test_record.py::test_tampered",
            f"{GOVERNING}/test_promoting.py::test_altered_files",
            f"{GOVERNING}/test_promoting.py::test_a_step_that_was_made_up",
        ),
    ),
    (
        "log truncation",
        (
            f"{GOVERNING}/test_logged.py::test_an_older_state",
            "tests/unit/govern/test_auditcheck.py::test_cut_off",
            "tests/unit/pipeline/audit/test_read.py::test_listing_what_was_cut_off",
        ),
    ),
)
LEAST = 85
"""So many cases of tampering there are at least."""

CASES = (
    Cases(
        what="tests of trust roots, policies, approvals, promotions",
        tests=(GOVERNING, "tests/unit/govern"),
        least=740,
    ),
    Cases(what="tests of challenges of rebuilders", tests=("tests/unit/pipeline/challenge/test_judging.py",), least=17),
    Cases(
        what="tests of archives: blobs missing or damaged, imports", tests=("tests/unit/pipeline/archive",), least=115
    ),
    Cases(
        what="kinds of planted secrets, found",
        tests=(
            "tests/unit/codec/leaks/test_rules.py::test_found",
            "tests/unit/codec/leaks/test_named.py::test_found",
        ),
        least=95,
    ),
    Cases(
        what="images that dpkg-query, importlib.metadata and syft walk, and find what the bills list",
        tests=(
            "tests/oracle/test_sbom_syft.py::test_image_lists_the_same",
            "tests/oracle/test_sbom_syft.py::test_syft_lists_the_same",
        ),
        least=4,
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
    components = max((element["asked"] for element in checked["elements"] if element["element"] == NAMED), default=0)
    _show(f"  {components} components")
    lacking = [] if components else [f"{example} (no components)"]
    for standard in sorted({element["standard"] for element in checked["elements"]}):
        asked = [each for each in checked["elements"] if each["standard"] == standard and each["required"]]
        missing = sorted(each["element"] for each in asked if each["have"] < each["asked"])
        lacks = f", missing: {', '.join(missing)}" if missing else ""
        _show(f"  {standard}: {len(asked) - len(missing)} of {len(asked)} required elements{lacks}")
        lacking += [f"{example} ({standard}: {len(missing)} required elements are missing)"] * bool(missing)
    wrong = lacking if same else [*lacking, f"{example} (another digest than the committed one)"]
    return wrong if checked["exact"] else [*wrong, f"{example} (bill and images differ: `twinbuild sbom check`)"]


def _tests() -> list[str]:
    """The counted tests, in one run."""
    nodes = [*(node for cases in CASES for node in cases.tests), *(node for node, *_ in COUNTED)]
    tampering = {node.partition("[")[0] for _, each in TAMPERED for node in each}
    nodes += sorted(test for test in tampering if not any(_within(test, node) for node in nodes))
    _say("the tests that are counted: some minutes")
    with tempfile.TemporaryDirectory() as scratch:
        report = Path(scratch, "report.xml")
        done = _pytest("-n", "auto", "-p", "no:randomly", "--junitxml", str(report), *nodes)
        try:
            found = tuple(_report(report))
        except (OSError, ET.ParseError):
            said = done.stdout.strip() or done.stderr.strip()
            raise NotMeasuredError(f"pytest ended with {done.returncode} and no report:\n{_last(said)}") from None
    _name_failures(found)
    wrong = [*_show_tampered(found), *_show_cases(found), *_show_counted(found)]
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


def _show_tampered(found: tuple[Case, ...]) -> Iterator[str]:
    """By what was tampered with; a test that is not there, or not run, is as bad as one that fails."""
    total = refused = 0
    lines: list[str] = []
    for what, nodes in TAMPERED:
        cases = {case.case: case for node in nodes for case in found if node in (case.place, case.case)}
        gone = [node for node in nodes if not any(node in (case.place, case.case) for case in found)]
        passed = sum(case.outcome == "passed" for case in cases.values())
        lines.append(f"  {passed:3} of {len(cases)}  {what}" + f"; not run: {', '.join(gone)}" * bool(gone))
        total, refused = total + len(cases), refused + passed
        if gone or passed != len(cases):
            yield f"tamper cases ({what})"
    few = f"; at least {LEAST} are expected" if total < LEAST else ""
    _show(f"tamper cases: {refused} of {total} refused with their reason{few}")
    for line in lines:
        _show(line)
    if few:
        yield "tamper cases"


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
