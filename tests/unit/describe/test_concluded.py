"""What is concluded of licences, from what, and what stays open."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pytest
from cyclonedx.model.component import Component
from cyclonedx.model.license import DisjunctiveLicense, LicenseAcknowledgement, LicenseExpression
from hypothesis import given
from hypothesis import strategies as st
from packageurl import PackageURL
from tests.unit.describe.conftest import EXAMPLE, Case, read_spec, unconcluded
from tests.unit.describe.test_inside import inspections
from tests.unit.describe.test_sbom import validator, xml_schema

from twinbuild.codec.cyclonedx import decode_bom
from twinbuild.codec.lock import decode_lock
from twinbuild.codec.spdx import spdx_expression
from twinbuild.describe import concluded
from twinbuild.describe.concluded import conclude
from twinbuild.describe.sbom import release_sbom
from twinbuild.describe.spdx import spdx_document
from twinbuild.model.digest import Digest
from twinbuild.model.inspection import Inspection, LicenceText
from twinbuild.model.lock import Licensing
from twinbuild.model.spec.licences import Conclusion, Licences
from twinbuild.model.spec.release import ReleaseSpec

__all__ = ["validator", "xml_schema"]

_DECLARED = LicenseAcknowledgement.DECLARED
_SOME = "a" * 64


def _text(*licences: str, path: str = "licenses/LICENSE", harmless: bool = False) -> LicenceText:
    return LicenceText(path=path, sha256=_SOME, licences=licences, harmless=harmless)


def _wheel(expression: str, *names: str) -> Component:
    made = Component(name="x", version="1", bom_ref="x", purl=PackageURL("pypi", None, "x", "1"))
    if expression and not names and " " not in expression:
        made.licenses.add(DisjunctiveLicense(id=expression, acknowledgement=_DECLARED))
    elif expression:
        made.licenses.add(LicenseExpression(expression, acknowledgement=_DECLARED))
    made.licenses.update(DisjunctiveLicense(name=name, acknowledgement=_DECLARED) for name in names)
    return made


def _concluded(made: Component) -> str:
    found = [each for each in made.licenses if each.acknowledgement is LicenseAcknowledgement.CONCLUDED]
    assert len(found) <= 1
    return next((each.value if isinstance(each, LicenseExpression) else each.id or "" for each in found), "")


def _properties(made: Component) -> dict[str, str]:
    return {each.name: each.value or "" for each in made.properties}


def _inspected(*texts: LicenceText) -> Inspection:
    return Inspection(sha256=Digest.of(b"x"), sha512="c" * 128, texts=texts)


def _said(spec: ReleaseSpec, components: str, licence: str) -> ReleaseSpec:
    one = Conclusion(components=components, licence=licence, by="A Person", reason="It was read.")
    return spec.model_copy(update={"licences": Licences(conclusions=(one,))})


@pytest.mark.parametrize(
    ("declared", "texts", "expected"),
    [
        ("MIT", [_text("MIT")], "MIT"),
        ("GPL-3.0-or-later", [_text("GPL-3.0-only", "GPL-3.0-or-later")], "GPL-3.0-or-later"),
        ("Apache-2.0 OR BSD-2-Clause", [_text("Apache-2.0"), _text("BSD-2-Clause")], "Apache-2.0 OR BSD-2-Clause"),
        ("Apache-2.0", [_text("Apache-2.0"), _text(path="NOTICE", harmless=True)], "Apache-2.0"),
        ("Apache-2.0", [_text("Apache-2.0"), _text(path="NOTICE")], ""),
        ("MIT", [], ""),
        ("MIT", [_text()], ""),
        ("MIT", [_text("BSD-3-Clause")], ""),
        ("MIT", [_text("MIT"), _text("BSD-3-Clause")], ""),
        ("MIT", [_text("MIT"), _text()], ""),
        ("MIT AND Zlib", [_text("MIT")], ""),
        ("MIT", [_text(path="AUTHORS", harmless=True)], ""),
        ("", [_text("MIT")], ""),
        ("Apache-2.0 WITH LLVM-exception", [_text("Apache-2.0")], ""),
    ],
)
def test_texts(case: Case, declared: str, texts: list[LicenceText], expected: str) -> None:
    """The declaration and all texts must say the same; whatever follows, the texts are evidence."""
    made = _wheel(declared)
    conclude(made, unconcluded(case).spec, found=_inspected(*texts))
    assert _concluded(made) == expected
    assert _properties(made).get("twinbuild:concluded", "") == ("texts" if expected else "")
    evidence = [] if made.evidence is None else list(made.evidence.licenses)
    assert len(evidence) >= len({(each.path, each.licences) for each in texts})
    for each in evidence:
        assert isinstance(each, DisjunctiveLicense)
        assert {one.name: one.value for one in each.properties}["twinbuild:digest"] == f"sha256:{_SOME}"


@pytest.mark.parametrize(
    ("others", "expected"),
    [([], "MIT"), ([_text("MIT")], "MIT"), ([_text("LGPL-3.0-only")], ""), ([_text("MIT"), _text()], "")],
)
def test_terms_elsewhere(case: Case, others: list[LicenceText], expected: str) -> None:
    """A wheel that brings along what has other terms, or terms that nobody knows, is not under its own alone."""
    made = _wheel("MIT")
    conclude(made, unconcluded(case).spec, found=replace(_inspected(_text("MIT")), others=tuple(others)))
    assert _concluded(made) == expected


def test_names_and_parts(case: Case) -> None:
    """A word that is no expression says nothing for certain, and neither does a wheel that holds what others made."""
    spec = unconcluded(case).spec
    named = _wheel("", "BSD License")
    holding = _wheel("MIT")
    holding.components.add(Component(name="inner"))
    for made in (named, holding):
        conclude(made, spec, found=_inspected(_text("MIT")))
        assert not _concluded(made)


@pytest.mark.parametrize(
    ("pattern", "fits"),
    [
        ("pkg:pypi/x@1", True),
        ("pkg:pypi/*@*", True),
        ("pkg:*/x@1", True),
        ("pkg:pypi/x@2", False),
        ("pkg:pypi/x@1*y", False),
        ("pkg:pypi/x@1*@1", False),
        ("pkg:*i/*@*", True),
        ("pkg:*/*/*", False),
        ("pkg:pypi/X@1", False),
    ],
)
def test_person(case: Case, pattern: str, fits: bool) -> None:
    """A person's word holds for the components that its pattern names, and comes before what texts say."""
    made = _wheel("MIT")
    conclude(made, _said(case.spec, pattern, "Zlib"), found=_inspected(_text("MIT")))
    found = _properties(made)
    assert (_concluded(made), found["twinbuild:concluded"]) == (("Zlib", "person") if fits else ("MIT", "texts"))
    if fits:
        assert (found["twinbuild:concluded:by"], found["twinbuild:concluded:reason"]) == ("A Person", "It was read.")


@given(st.text("ab*", max_size=8), st.text("ab", max_size=12))
def test_stars(pattern: str, text: str) -> None:
    """A star stands for any characters, and for none; everything else for itself."""
    expected = re.fullmatch(".*".join(re.escape(part) for part in pattern.split("*")), text) is not None
    assert concluded._fits(pattern, text) == expected


def test_declared_by_a_person(case: Case) -> None:
    """`declared` takes an expression over, and a name that nobody can read stays open."""
    spec = _said(case.spec, "pkg:*/*", "declared")
    plain, unclear = _wheel("MIT OR Zlib"), _wheel("", "BSD License")
    for made in (plain, unclear):
        conclude(made, spec)
    assert (_concluded(plain), _concluded(unclear)) == ("MIT OR Zlib", "")
    assert _properties(plain)["twinbuild:licence-declared:expression:001"] == "MIT OR Zlib"


def test_both_stay(case: Case) -> None:
    """What was declared is read again from either form that CycloneDX 1.6 has room for."""
    found, (plain, _) = (
        {},
        release_sbom(
            _said(case.spec, "pkg:pypi/*@*", "Zlib OR 0BSD"),
            case.lock,
            case.images,
            epoch=1,
            lock_digest=Digest.of(b""),
        ),
    )
    for each in decode_bom(plain, name="x").components:
        if each.purl.startswith("pkg:pypi/"):
            found[each.name] = {(one.acknowledgement, one.text) for one in each.licences}
    assert found["numpy"] == {
        ("concluded", "Zlib OR 0BSD"),
        ("declared", "BSD-3-Clause AND 0BSD AND MIT AND Zlib AND CC0-1.0"),
    }
    assert found["h11"] == {("concluded", "Zlib OR 0BSD"), ("declared", "MIT")}
    kinds = {(one.kind, one.text) for each in decode_bom(plain, name="x").components for one in each.licences}
    assert ("name", "BSD License") in kinds
    assert ("expression", "Zlib OR 0BSD") in kinds
    assert found["scipy"] == {("concluded", "Zlib OR 0BSD"), ("declared", "BSD License")}


def test_debian(case: Case) -> None:
    """Names of a copyright file are licences of their own, told apart, and a file in prose is one as a whole.

    A name that reads like an identifier of SPDX stays a name.
    """
    spec = _said(case.spec, "pkg:deb/debian/*@*", "declared")
    debs = {deb.name: deb for deb in case.lock.targets[0].debs}
    entries = [
        Licensing(
            filename=debs[name].filename,
            sha256=debs[name].sha256,
            files=(f"usr/share/doc/{name}/copyright",),
            notice=Digest.of(b"text"),
            **fields,
        )
        for name, fields in {
            "bash": {
                "expressions": ("MIT", "MIT OR Zlib"),
                "names": ("GPL-2 / x", "GPL-2+ x", "GPL-2: x", "MIT", "\u2013"),
            },
            "sed": {},
        }.items()
    ]
    plain, _ = release_sbom(
        spec, replace(case.lock, licensing=tuple(entries)), case.images, epoch=1, lock_digest=Digest.of(b"")
    )
    document = json.loads(plain)
    found = {each["name"]: each for each in document["components"]}
    assert found["sed"]["licenses"] == [
        {"acknowledgement": "concluded", "expression": "LicenseRef-debian-sed-copyright"}
    ]
    (bash,) = found["bash"]["licenses"]
    assert set(bash["expression"].split(" AND ")) == {
        "MIT",
        "(MIT OR Zlib)",
        "LicenseRef-debian-bash-GPL-2-x.1",
        "LicenseRef-debian-bash-GPL-2-plus-x",
        "LicenseRef-debian-bash-GPL-2-x.3",
        "LicenseRef-debian-bash-MIT",
        "LicenseRef-debian-bash-unnamed",
    }
    (read,) = (each for each in decode_bom(plain, name="x").components if each.name == "bash")
    assert {each.text for each in read.licences if each.kind == "name"} >= {"GPL-2 / x", "MIT"}
    spdx = json.loads(spdx_document(decode_bom(plain, name="x")))
    (package,) = (each for each in spdx["packages"] if each["name"] == "bash")
    assert f"LicenseRef-{Digest.of(b'MIT').hex[:16]}" in package["licenseDeclared"]
    (seen,) = found["bash"]["evidence"]["licenses"]
    assert {each["name"]: each["value"] for each in seen["license"]["properties"]} == {
        "twinbuild:digest": str(Digest.of(b"text")),
        "twinbuild:file": "/usr/share/doc/bash/copyright",
    }


def test_example(case: Case, validator: Any, xml_schema: Any) -> None:
    """All of the example's components have a concluded licence; both forms are valid, and SPDX has both kinds."""
    from lxml import etree

    seen = dict(inspections(case))
    for each in case.lock.targets[0].wheels:
        if each.name in ("h11", "numpy"):
            seen[each.sha256] = replace(seen[each.sha256], texts=(_text("MIT"), _text(path="x")), libraries=(), boms=())
    plain, marked = release_sbom(
        case.spec, case.lock, case.images, epoch=1, lock_digest=Digest.of(b""), inspections=seen
    )
    assert not list(validator.iter_errors(json.loads(plain)))
    xml_schema.assertValid(etree.fromstring(marked))
    bom = decode_bom(plain, name="x")
    spdx = json.loads(spdx_document(bom))
    packages = {each["name"]: each for each in spdx["packages"]}
    assert packages["numpy"]["licenseConcluded"] == packages["numpy"]["licenseDeclared"] != "NOASSERTION"
    assert packages["wcwidth"]["licenseConcluded"] == "MIT AND HPND-Markus-Kuhn"
    assert packages["wcwidth"]["licenseDeclared"] == "MIT"
    defined = {each["licenseId"] for each in spdx["hasExtractedLicensingInfos"]}
    for each in spdx["packages"]:
        for key in ("licenseConcluded", "licenseDeclared"):
            words = each[key].replace("(", " ").replace(")", " ").split()
            assert {word for word in words if word.startswith("LicenseRef-")} <= defined
            assert each[key] == "NOASSERTION" or spdx_expression(each[key])


@pytest.mark.parametrize("name", ["fraud-scorer", "llm-server", "text-embedder"])
def test_examples_conclude_of_what_they_lock(name: str) -> None:
    """A conclusion is about a version that was read: none of the examples' is about a wheel that is locked no more."""
    example = EXAMPLE.parent / name
    licences = read_spec((example / "release.yaml").read_text("utf-8")).licences
    assert licences is not None
    lock = decode_lock((example / "release.lock").read_bytes())
    locked = (wheel for target in lock.targets for wheel in target.wheels)
    wheels = {PackageURL("pypi", None, each.name, each.version).to_string() for each in locked}
    stated = {each.components.split("#")[0] for each in licences.conclusions}
    patterns = {each for each in stated if each.startswith("pkg:pypi/")}
    assert len(patterns) > 10
    assert not {each for each in patterns if not any(concluded._fits(each, wheel) for wheel in wheels)}
