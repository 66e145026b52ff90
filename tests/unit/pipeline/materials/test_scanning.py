"""A whole bill scanned: precision and recall against a scanner of its own, age, policy files."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.unit.describe.conftest import Case, case
from tests.unit.govern.vulnerabilities.test_versions import by_dpkg, by_pep440, by_the_schema

from fakes.osv import CRITICAL, MEDIUM, database, record
from twinbuild.codec.cyclonedx import decode_bom
from twinbuild.describe.sbom import release_sbom
from twinbuild.errors import IntegrityError, PolicyRefused, SpecError, UsageError
from twinbuild.model.bom import Bom
from twinbuild.model.digest import Digest
from twinbuild.model.lock import LockedDeb
from twinbuild.model.vulnerability import VulnerabilityPolicy
from twinbuild.pipeline.materials.scanning import database_for, read_policy, read_statements, refuse_stale, scan_bom

__all__ = ["case"]

_NOW = datetime(2026, 11, 10, tzinfo=UTC)


@pytest.fixture(scope="module")
def bom(case: Case) -> Bom:
    """The example's bill."""
    return decode_bom(
        release_sbom(case.spec, case.lock, case.images, epoch=0, lock_digest=Digest.of(b"x"))[0], name="x"
    )


def _seeded(case: Case) -> tuple[list[dict[str, Any]], set[tuple[str, str]]]:
    """Records about packages of the lock and about others, some of which hit; and what an independent scanner finds.

    That scanner reads the lock, not the bill, compares versions by itself, and evaluates ranges by the schema's text.
    """
    chance = random.Random(20261126)
    target = case.lock.targets[0]
    items = [
        (each.filename, "Debian:12", each.source, each.source_version, by_dpkg)
        if isinstance(each, LockedDeb)
        else (each.filename, "PyPI", each.name, each.version, by_pep440)
        for each in target.contents
    ]
    records, expected = [], set()
    for number in range(400):
        _, ecosystem, name, version, compare = chance.choice(items)
        others = ["0.0.1", "1.2", version, f"{version}.1" if ecosystem == "PyPI" else f"{version}+deb12u99", "99"]
        kind = chance.choice(["fixed", "last_affected", "none", "listed"])
        events = [("introduced", chance.choice(["0", *others]))]
        if kind in ("fixed", "last_affected"):
            events.append((kind, chance.choice([other for other in others if other != events[0][1]])))
        withdrawn = chance.random() < 0.1
        ecosystem = chance.choice([ecosystem, ecosystem, ecosystem, "Debian:13", "npm"])
        made = record(f"SEED-{number:03}", ecosystem, name)
        made["affected"][0]["ranges"][0]["events"] = [{key: value} for key, value in events]
        if kind == "listed":
            made["affected"][0] |= {"ranges": [], "versions": [chance.choice(others)]}
        if withdrawn:
            made["withdrawn"] = "2026-01-01T00:00:00Z"
        records.append(made)
        for filename, theirs, other, at, order in items:
            if withdrawn or (theirs, other) != (ecosystem, name):
                continue
            listed = made["affected"][0].get("versions", [])
            hit = any(order(at, each) == 0 for each in listed) or (
                kind != "listed" and by_the_schema(at, events, order)
            )
            if hit:
                expected.add((f"SEED-{number:03}", filename))
    assert compare is not None
    return records, expected


def test_precision_and_recall(case: Case, bom: Bom, tmp_path: Path) -> None:
    """Exactly what the other scanner finds: every seeded vulnerability, and nothing else."""
    records, expected = _seeded(case)
    known, systems = database_for(bom, database(tmp_path, *records))
    assert systems == {"Debian", "PyPI"}
    result = scan_bom(bom, known, VulnerabilityPolicy(), now=_NOW)
    assert result.uncovered == ()
    half, _ = database_for(bom, database(tmp_path / "half", record("A-1", "Debian:12"), record("A-2", "Debian:11")))
    assert [name for name, _ in scan_bom(bom, half, VulnerabilityPolicy(), now=_NOW).uncovered] == ["PyPI"]
    found = {(each.name, each.package.reference.partition("/")[2]) for each in result.findings}
    assert found == expected
    assert 100 < len(expected) < 400
    assert result.looked_up == len(case.lock.targets[0].contents)
    assert result.failing == result.findings  # none of them is scored


def test_policy_and_expiry(bom: Bom, tmp_path: Path) -> None:
    """What fails, what is excused, and what is no longer."""
    known, _ = database_for(
        bom,
        database(
            tmp_path / "osv",
            record("CVE-2026-1", name="numpy", vector=CRITICAL),
            record("CVE-2026-2", name="scipy", vector=MEDIUM),
        ),
    )
    path = tmp_path / "policy.yaml"
    path.write_text(
        "vulnerabilities:\n"
        "  exceptions:\n"
        "    - {id: CVE-2026-1, package: pkg:pypi/numpy, reason: not called, expires: '2026-11-20'}\n"
    )
    policy = read_policy(path)
    assert scan_bom(bom, known, policy, now=_NOW).failing == ()
    later = scan_bom(bom, known, policy, now=_NOW + timedelta(days=10))
    assert [(each.name, each.lapsed) for each in later.failing] == [
        ("CVE-2026-1", "exception of 2026-11-20: not called")
    ]
    strict = scan_bom(bom, known, VulnerabilityPolicy(fail_on="medium"), now=_NOW)
    assert [each.name for each in strict.failing] == ["CVE-2026-1", "CVE-2026-2"]


@pytest.mark.parametrize(
    ("newest", "error", "code"),
    [
        ("2026-11-09T00:00:00Z", None, ""),
        ("2026-11-03T00:00:00Z", None, ""),
        ("2026-11-02T23:59:59Z", PolicyRefused, "TB8734"),
        ("2026-11-10T12:00:00Z", None, ""),
        ("2026-11-12T00:00:00.5Z", IntegrityError, "TB8735"),
    ],
)
def test_age(bom: Bom, tmp_path: Path, newest: str, error: Any, code: str) -> None:
    """By the newest record, not by the file; a record of the future is refused, for it would hide the age."""
    records = (record("A-1", modified=newest), record("A-2", modified="2020-01-01T00:00:00Z"))
    known, systems = database_for(bom, database(tmp_path, *records))
    policy = VulnerabilityPolicy()
    if error is None:
        assert refuse_stale(known, policy, now=_NOW, directory=tmp_path, systems=systems) >= timedelta(0)
    else:
        with pytest.raises(error, match=code):
            refuse_stale(known, policy, now=_NOW, directory=tmp_path, systems=systems)


def test_age_of_each_system(bom: Bom, tmp_path: Path) -> None:
    """A new archive of PyPI makes an old one of Debian not new; what nobody asks for may be old, as may one release."""
    old, new = "2026-10-01T00:00:00Z", "2026-11-09T00:00:00Z"
    records = [
        record("A-1", modified=new),
        record("A-2", "npm", modified=old),
        record("A-3", "Debian:12", modified=old),
    ]
    policy = VulnerabilityPolicy()
    known, systems = database_for(bom, database(tmp_path / "one", *records))
    with pytest.raises(PolicyRefused, match=r"record of Debian in .* is of 2026-10-01T00:00:00Z, 40 days ago"):
        refuse_stale(known, policy, now=_NOW, directory=tmp_path, systems=systems)
    tended = database(tmp_path / "two", *records, record("A-4", "Debian:13", modified=new))
    known, systems = database_for(bom, tended)
    assert refuse_stale(known, policy, now=_NOW, directory=tmp_path, systems=systems) == timedelta(days=1)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    """None, a directory, and one of another form."""
    for reader in (read_policy, read_statements):
        for path in (tmp_path / "gone", tmp_path):
            with pytest.raises(UsageError, match="TB8736"):
                reader(path)
        (tmp_path / "bad.yaml").write_text("other: 1")
        with pytest.raises(SpecError):
            reader(tmp_path / "bad.yaml")


def test_statements_say_why(tmp_path: Path) -> None:
    """A file whose statements lack their reason is refused at the place of each."""
    path = tmp_path / "said.yaml"
    said = "{vulnerability: CVE-2026-1, components: ['pkg:pypi/a'], status: %s}"
    path.write_text(
        f"release: 'sha256:{'0' * 64}'\nauthor: Ada\ndate: '2026-11-26'\nstatements:\n"
        f"- {said % 'not_affected'}\n- {said % 'affected'}\n- {said % 'fixed'}\n"
    )
    with pytest.raises(SpecError) as caught:
        read_statements(path)
    assert [(each.code, each.where.line) for each in caught.value.findings] == [("TB8746", 5), ("TB8746", 6)]
