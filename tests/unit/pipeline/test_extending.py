"""``extends``: the pinned bytes are the lowest overlay, and nothing else is."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from fakes.families import write_family
from twinbuild.errors import IntegrityError, SpecError, TwinbuildError
from twinbuild.pipeline.beginning import project_files, write_project
from twinbuild.pipeline.extending import refuse_changed_family
from twinbuild.pipeline.families import family_at
from twinbuild.pipeline.project import open_project
from twinbuild.process.runner import SubprocessRunner


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project of a family, in ``new`` beside the catalogue ``families``."""
    family = write_family(tmp_path / "families")
    files = project_files(
        family_at(family, ()),
        {},
        directory_name="new",
        today="2026-11-26",
        committed=False,
        runner=SubprocessRunner(),
        interpreter=Path(sys.executable),
    )
    write_project(tmp_path / "new", files)
    return tmp_path / "new"


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
        ("extends:\n", "extends: plain@1.0.0\nx:\n", "TB1103", 5, "expected a mapping"),
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


def test_a_family_that_changed_under_the_same_version(project: Path, tmp_path: Path) -> None:
    """Refused with both digests where a catalogue has it; another version and no catalogue are no fault."""
    spec = open_project(project).spec
    catalogue = tmp_path / "families"
    refuse_changed_family(spec, (catalogue,))
    write_family(catalogue, {"files/new": ""})
    with pytest.raises(IntegrityError) as error:
        refuse_changed_family(spec, (catalogue,))
    (finding,) = error.value.findings
    assert spec.extends is not None
    assert finding.code == "TB7543"
    assert f"expected sha256:{spec.extends.digest}" in finding.message
    _change(catalogue / "plain/family.yaml", "version: 1.0.0", "version: 1.1.0")
    refuse_changed_family(spec, (catalogue,))
    (catalogue / "plain").rename(catalogue / "gone")
    _change(catalogue / "gone/family.yaml", "name: plain", "name: gone")
    refuse_changed_family(spec, (catalogue,))
