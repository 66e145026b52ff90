"""``extends``: the pinned bytes are the lowest overlay, and nothing else is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from fakes.families import begun, write_family
from twinbuild.errors import IntegrityError, SpecError, TwinbuildError
from twinbuild.pipeline.family.families import family_at
from twinbuild.pipeline.project import open_project


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project of a family, in ``new`` beside the catalogue ``families``."""
    family = write_family(tmp_path / "families")
    return begun(tmp_path, family_at(family, ()))


def _change(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def test_what_the_project_says_comes_over_it(project: Path) -> None:
    """Key by key, as overlays do; an overlay comes over both; each value has its own place."""
    with (project / "release.yaml").open("a") as stream:
        stream.write("model: {version: 2.0.0}\n")
    (project / "over.yaml").write_text("metadata: {team: others}\n")
    opened = open_project(project, (project / "over.yaml",))
    assert (opened.spec.model.version, opened.spec.model.family) == ("2.0.0", "none")
    assert opened.spec.metadata.team == "others"
    assert [path.name for path in opened.sources] == ["release.family.yaml", "release.yaml", "over.yaml"]
    assert opened.loaded.where("model", "family").file.endswith("release.family.yaml")
    assert opened.loaded.where("model", "version").file.endswith("release.yaml")
    assert len(opened.digests) == 3


def test_the_application_is_all_of_the_directory(project: Path) -> None:
    """The family's spec is no part of the application, as the spec is none."""
    with (project / "release.yaml").open("a") as stream:
        stream.write("source: {directory: .}\n")
    assert "/release.family.yaml" in open_project(project).ignored


@pytest.mark.parametrize(
    ("old", "new", "code", "line", "message"),
    [
        ("family: plain@1.0.0", "family: plain@2.0.0", "TB7542", 6, "got plain@2.0.0, and release.family.yaml is of"),
        ("family: plain@1.0.0", "family: plain", "TB7542", 6, "got plain, "),
        ("spec: release.family.yaml", "spec: other.yaml", "TB7540", 7, "there is no other.yaml"),
        ("spec: release.family.yaml", "spec: ../release.yaml", "TB1108", 7, "leaves its directory"),
        ("spec: release.family.yaml", "spec: /etc/passwd", "TB1108", 7, "is absolute"),
        ("spec: release.family.yaml", "spec: app", "TB2303", 0, "no regular file"),
        ("spec: release.family.yaml", "spec: link", "TB2302", 0, "leads out"),
        ("  sha256:", "  sha512:", "TB1101", 8, "'sha512' is unknown"),
        ("  sha256:", "  digest: a\n  sha256:", "TB1109", 8, "digest"),
        ("  sha256:", f"  digest: '{'a' * 64}'\n  sha256:", "TB7545", 8, "extends.digest is what the family's"),
        ("  sha256:", "  variables: {port: 9}\n  sha256:", "TB7545", 8, "extends.variables is what the family's"),
        ("extends:\n", "extends: 5\nx:\n", "TB1103", 5, "expected a mapping"),
        ("extends:\n", "extends: plain\nx:\n", "TB7542", 5, "got plain, and"),
        ("extends:\n", "extends: plain@2.0.0\nx:\n", "TB7542", 5, "got plain@2.0.0"),
    ],
)
def test_a_section_that_is_wrong(  # noqa: PLR0917
    project: Path, old: str, new: str, code: str, line: int, message: str
) -> None:
    """Code and line in release.yaml."""
    (project / "link").symlink_to("/etc/hostname")
    _change(project / "release.yaml", old, new)
    with pytest.raises(TwinbuildError) as error:
        open_project(project)
    found = [finding for finding in error.value.findings if finding.code == code]
    assert [finding.where.line for finding in found] == [line]
    assert message in found[0].message


@pytest.mark.parametrize("text", ["\n", "# a comment\n", "model: {version: 2.0.0}\n"])
def test_an_edited_family_spec(project: Path, text: str) -> None:
    """Other bytes, whatever they mean: TB7541 with both digests at the pin."""
    with (project / "release.family.yaml").open("a") as stream:
        stream.write(text)
    with pytest.raises(IntegrityError) as error:
        open_project(project)
    (finding,) = error.value.findings
    assert (finding.code, finding.where.line) == ("TB7541", 8)
    assert re.search(r"got sha256 [0-9a-f]{64}, expected [0-9a-f]{64}", finding.message)
    assert "family update" in finding.hint


def test_an_overlay_extends_nothing(project: Path) -> None:
    """TB1184 at the overlay's line."""
    (project / "over.yaml").write_text("metadata: {team: a}\nextends: {spec: x.yaml}\n")
    with pytest.raises(SpecError) as error:
        open_project(project, (project / "over.yaml",))
    (finding,) = error.value.findings
    assert (finding.code, Path(finding.where.file).name, finding.where.line) == ("TB1184", "over.yaml", 2)


def _as_text(project: Path, family: str = "plain@1.0.0") -> None:
    """The spec with ``extends`` as a text."""
    text = (project / "release.yaml").read_text()
    section = re.search(r"extends:\n(  .*\n)+", text)
    assert section is not None
    (project / "release.yaml").write_text(text.replace(section[0], f"extends: {family}\n"))


def test_a_family_as_a_text(project: Path) -> None:
    """FAMILY@VERSION means the same as the mapping: the family's file states its own digest."""
    mapping = open_project(project).spec.extends
    assert mapping is not None
    _as_text(project)
    opened = open_project(project)
    assert opened.spec.extends == mapping
    assert opened.loaded.where("extends", "family").line == 5
    assert [path.name for path in opened.below] == ["release.family.yaml"]


@pytest.mark.parametrize(
    ("old", "new"), [('  python: "3.11"', '  python: "3.12"'), ("variables: {}", "variables: {a: 1}"), ("\n", "\n\n")]
)
def test_an_edited_family_spec_of_a_text(project: Path, old: str, new: str) -> None:
    """Whatever follows the digest is held to it: TB7541 at the line of the digest."""
    _as_text(project)
    place = project / "release.family.yaml"
    first, second, rest = place.read_text().split("\n", 2)
    assert old in rest
    place.write_text("\n".join((first, second, rest.replace(old, new, 1))))
    with pytest.raises(IntegrityError) as error:
        open_project(project)
    (finding,) = error.value.findings
    assert (finding.code, finding.where.line) == ("TB7541", 2)
    assert finding.where.file.endswith("release.family.yaml")


def test_a_text_without_a_digest(project: Path) -> None:
    """A family's spec that states no digest of itself pins nothing: TB7544, with the remedy."""
    _as_text(project)
    place = project / "release.family.yaml"
    lines = place.read_text().split("\n")
    place.write_text("\n".join((lines[0], *lines[2:])))
    with pytest.raises(SpecError) as error:
        open_project(project)
    (finding,) = error.value.findings
    assert (finding.code, finding.where.line) == ("TB7544", 5)
    assert "family update" in finding.hint
    place.unlink()
    with pytest.raises(SpecError, match="TB7540") as error:
        open_project(project)
    assert "every value" in error.value.findings[0].hint


@pytest.mark.parametrize("key", ['"\\u0065xtends"', "'extends'", '"ext\\x65nds"'])
def test_a_key_in_other_spelling(project: Path, key: str) -> None:
    """The section is found as YAML reads it: an edited file is refused whatever the spelling."""
    _change(project / "release.yaml", "extends:", f"{key}:")
    assert open_project(project).below
    with (project / "release.family.yaml").open("a") as stream:
        stream.write("# edited\n")
    with pytest.raises(IntegrityError, match="TB7541"):
        open_project(project)


def test_a_pin_without_a_file(project: Path) -> None:
    """A release.yaml that states all of the section itself has no family: nothing made it."""
    (project / "over.yaml").write_text("extends: plain@1.0.0\n")
    with pytest.raises(SpecError, match="TB1184"):
        open_project(project, (project / "over.yaml",))
