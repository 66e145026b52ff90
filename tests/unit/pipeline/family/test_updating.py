"""A project is brought up to date with its family, and nothing but the family's part changes."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import yaml

from fakes.families import SPEC, begun, write_family
from fakes.here import Here
from twinbuild.errors import SpecError, UsageError
from twinbuild.pipeline.family.families import family_at
from twinbuild.pipeline.family.updating import Update, update_project
from twinbuild.pipeline.project import open_project

SHEET = (
    "variables:\n  - {name: about, default: first, description: A.}\n  - {name: port, type: int, default: 1, "
    "description: A.}\n"
)
FILES = {
    "files/schemas/input.json.j2": '{"most": {{ port }}}\n',
    "files/schemas/output.json.j2": '{"least": {{ port }}}\n',
    "files/hooks/run.py": "print(1)\n",
    "files/same.md": "as ever\n",
}
OPTIONAL = "optional: [{path: hooks, when: hooked}]\n"
HOOKED = "  - {name: hooked, type: bool, default: false, description: A.}\n"
TEMPLATE = SPEC + "  environment: {ABOUT: {{ about }}, PORT: {{ port ~ '' }}, WHO: {{ team }}}\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project of a family with two variables."""
    family = write_family(tmp_path / "families", {"release.yaml.j2": TEMPLATE}, sheet=SHEET)
    begun(tmp_path, family_at(family, ()), {"about": "mine: #1"})
    with (tmp_path / "new/release.yaml").open("a") as stream:
        stream.write("# my own words\nmodel: {version: 2.0.0}\n")
    return tmp_path / "new"


def _update(project: Path, *, write: bool = True, **given: str) -> Update:
    return update_project(
        project / "release.yaml",
        given,
        (project.parent / "families",),
        runner=Here(),
        interpreter=Path(sys.executable),
        write=write,
    )


def test_nothing_changed(project: Path) -> None:
    """Then nothing is written."""
    update = _update(project)
    assert (update.before, update.after, update.changed) == ("plain@1.0.0", "plain@1.0.0", ())


def test_a_new_version(project: Path) -> None:
    """Values stay, those of variables that are gone go, comments stay; ``write`` false writes nothing."""
    sheet = SHEET.replace("name: port", "name: other").replace("version", "version")
    template = TEMPLATE.replace("{{ port ~ '' }}", "{{ other ~ '' }}")
    family = write_family(project.parent / "families", {"release.yaml.j2": template}, sheet=sheet)
    (family / "family.yaml").write_text((family / "family.yaml").read_text().replace("1.0.0", "1.1.0"))
    before = (project / "release.yaml").read_text()
    assert [path.name for path in _update(project, write=False).changed] == ["release.family.yaml", "release.yaml"]
    assert (project / "release.yaml").read_text() == before
    update = _update(project, other="7")
    assert (update.before, update.after, update.dropped) == ("plain@1.0.0", "plain@1.1.0", ("port",))
    after = (project / "release.yaml").read_text()
    changed = [line for line in after.split("\n") if line not in before.split("\n")]
    assert [line.split(":")[0].strip() for line in changed] == ["family", "sha256"]
    spec = open_project(project).spec
    assert dict(spec.serving.environment) == {"ABOUT": "mine: #1", "PORT": "7", "WHO": "my-team"}
    assert spec.model.version == "2.0.0"


@pytest.mark.parametrize("spoil", ["", "damaged", "a: [", "version: 1\n"])
def test_nobody_knows_the_values(project: Path, spoil: str) -> None:
    """A file that is missing or states no values: refused until all are given, for defaults would be others."""
    place = project / "release.family.yaml"
    whole = place.read_bytes()
    if spoil:
        place.write_text(spoil)
    else:
        place.unlink()
    with pytest.raises(UsageError) as caught:
        _update(project, port="7")
    (finding,) = caught.value.findings
    assert (finding.code, finding.where.file) == ("TB7552", str(project / "release.yaml"))
    assert finding.message.endswith("nobody knows what it was made of: about")
    assert finding.hint.endswith("--set about=first")
    assert (place.read_text() if spoil else place.exists()) == (spoil or False)
    assert _update(project, about="mine: #1", port="1").added == ()
    assert place.read_bytes() == whole


def test_a_value_that_was_not_stated(project: Path) -> None:
    """A variable that is new has its default, and that is said."""
    sheet = SHEET + "  - {name: other, type: bool, default: true, description: A.}\n"
    write_family(project.parent / "families", {"release.yaml.j2": TEMPLATE}, sheet=sheet)
    assert _update(project, write=False).added == (("other", "true"),)
    assert _update(project, other="false").added == ()


def test_what_the_project_itself_states(project: Path) -> None:
    """Team and the like are no variables any more: the place to change them is named."""
    with pytest.raises(UsageError, match="TB7502") as caught:
        _update(project, owner="Bo")
    assert caught.value.findings[0].hint == "change metadata.owners in release.yaml"


@pytest.mark.parametrize(
    ("owners", "code"), [("[]", "TB1105"), ("[[]]", "TB1103"), ("[x]", "TB1103"), ("{}", "TB1103"), ("x", "TB1103")]
)
def test_owners_that_are_none(project: Path, owners: str, code: str) -> None:
    """They are refused where they stand, and nothing is written."""
    spec = project / "release.yaml"
    lines = spec.read_text().split("\n")
    at = next(number for number, line in enumerate(lines) if line.startswith("  owners:"))
    after = next(number for number in range(at + 1, len(lines)) if not lines[number].startswith(("   ", "  -")))
    spec.write_text("\n".join([*lines[:at], f"  owners: {owners}", *lines[after:]]))
    before = {path: path.read_bytes() for path in project.rglob("*") if path.is_file()}
    with pytest.raises(SpecError) as caught:
        _update(project)
    where = caught.value.findings[0].where
    assert (caught.value.findings[0].code, where.file, where.line) == (code, spec.name, at + 1)
    assert {path: path.read_bytes() for path in project.rglob("*") if path.is_file()} == before


def test_the_family_of_a_catalogue_that_is_not_named(project: Path) -> None:
    """The place is where the spec names it, and the remedy is its catalogue, no other family."""
    with pytest.raises(UsageError, match="TB7521") as caught:
        update_project(
            project,
            {},
            (write_family(project.parent / "others", name="plains").parent,),
            runner=Here(),
            interpreter=Path(sys.executable),
            write=False,
        )
    (finding,) = caught.value.findings
    assert (finding.where.file, finding.where.line) == (str(project / "release.yaml"), 6)
    assert "--catalogue" in finding.hint


def test_refused(project: Path) -> None:
    """A value that does not fit, a family that makes no spec, a project without a family: nothing is written."""
    before = (project / "release.family.yaml").read_bytes()
    with pytest.raises(UsageError, match="TB7503"):
        _update(project, port="x")
    write_family(project.parent / "families", {"release.yaml.j2": TEMPLATE + "more: 1\n"}, sheet=SHEET)
    with pytest.raises(SpecError, match="TB1101"):
        _update(project)
    assert (project / "release.family.yaml").read_bytes() == before
    (project / "release.yaml").write_text("a: [\n")
    with pytest.raises(SpecError, match="TB1005"):
        _update(project)
    (project / "release.yaml").write_text(SPEC)
    with pytest.raises(UsageError, match="TB7550"):
        _update(project)


@pytest.mark.parametrize(
    ("place", "why"),
    [
        ("../outside.yaml", "no place"),
        ("/tmp/outside.yaml", "no place"),
        ("app/main.py", "no place"),
        (".git/hooks/pre-commit.yaml", "no place"),
        ("release.yaml", "no place"),
        ("other.yaml", "no family's spec"),
        ("linked/x.yaml", "a link"),
    ],
)
def test_no_place(project: Path, place: str, why: str) -> None:
    """What it would write over is looked at first; nothing is written."""
    (project / "other.yaml").write_text("values: mine\n")
    (project / "linked").symlink_to(project.parent)
    spec = project / "release.yaml"
    text = spec.read_text()
    changed = text.replace("release.family.yaml", place) if "release.family.yaml" in text else ""
    spec.write_text(changed or text.replace("extends:", f"extends:\n  spec: {place}", 1))
    before = {path: path.read_bytes() for path in project.rglob("*") if path.is_file()}
    with pytest.raises(UsageError) as caught:
        _update(project)
    assert caught.value.findings[0].code == "TB7551"
    assert why in caught.value.findings[0].message
    assert {path: path.read_bytes() for path in project.rglob("*") if path.is_file()} == before


def test_values_on_one_line(project: Path) -> None:
    """Name and digest may stand beside one another, and both are renewed."""
    spec = project / "release.yaml"
    root = yaml.safe_load(spec.read_text())["extends"]
    flow = f'extends: {{family: plain@1.0.0-rc.1, sha256: "{"0" * 64}"}}\n'
    lines = spec.read_text().split("\n")
    start = next(number for number, line in enumerate(lines) if line.startswith("extends:"))
    end = next(number for number in range(start + 1, len(lines)) if not lines[number].startswith(" "))
    spec.write_text("\n".join([*lines[:start], flow.rstrip(), *lines[end:]]))
    _update(project)
    assert yaml.safe_load(spec.read_text())["extends"] == {"family": "plain@1.0.0", "sha256": root["sha256"]}


def test_a_family_as_a_text(project: Path) -> None:
    """It stays a text; a new version is named, and the file's own digest is made anew, also where it was missing."""
    spec = project / "release.yaml"
    text = spec.read_text()
    start, end = text.index("extends:"), text.index("metadata:")
    spec.write_text(f"{text[:start]}extends: plain@0.9.0 # ours\n{text[end:]}")
    place = project / "release.family.yaml"
    place.write_text(place.read_text().split("\n", 2)[2])
    _update(project)
    assert "extends: plain@1.0.0 # ours\n" in spec.read_text()
    opened = open_project(project)
    assert opened.spec.serving.environment["ABOUT"] == "mine: #1"
    assert _update(project).changed == ()


@pytest.fixture
def filed(project: Path) -> Path:
    """The same project, of a family whose values are in other files, too."""
    files = {"release.yaml.j2": TEMPLATE, **FILES}
    family = family_at(write_family(project.parent / "families", files, sheet=SHEET + HOOKED + OPTIONAL), ())
    return begun(project.parent, family, name="filed")


def test_files_follow_the_values(filed: Path) -> None:
    """Those that are as the family wrote them; one that was changed stays, and is named. A hook appears."""
    (filed / "schemas/output.json").write_text("mine")
    (filed / "same.md").write_text("mine, too")
    update = _update(filed, port="7", hooked="true")
    changed = sorted(path.relative_to(filed).as_posix() for path in update.changed)
    assert changed == ["hooks/run.py", "release.family.yaml", "release.yaml", "schemas/input.json"]
    assert [path.relative_to(filed).as_posix() for path in update.kept] == ["schemas/output.json"]
    assert (filed / "schemas/input.json").read_text() == '{"most": 7}\n'
    assert (filed / "schemas/output.json").read_text() == "mine"
    assert (filed / "hooks/run.py").read_text() == "print(1)\n"
    again = _update(filed)
    assert (again.changed, again.kept) == ((), ())


def test_files_that_are_links(filed: Path) -> None:
    """Nothing is written through a link, and a file that was removed stays away."""
    outside = filed.parent / "outside.json"
    outside.write_text((filed / "schemas/input.json").read_text())
    (filed / "schemas/input.json").unlink()
    (filed / "schemas/input.json").symlink_to(outside)
    (filed / "schemas/output.json").unlink()
    (filed / "hooks").symlink_to(filed.parent)
    before = outside.read_bytes()
    update = _update(filed, port="7", hooked="true")
    assert [path.name for path in update.kept] == ["run.py", "input.json", "output.json"]
    assert outside.read_bytes() == before
    assert not (filed.parent / "run.py").exists()
    assert not (filed / "schemas/output.json").exists()


def test_older_values_that_no_longer_fit(filed: Path) -> None:
    """The new one counts; what was written of the older ones is nobody's guess."""
    sheet = (filed.parent / "families/plain/family.yaml").read_text()
    (filed.parent / "families/plain/family.yaml").write_text(
        sheet.replace("type: int, default: 1", "type: int, minimum: 5, default: 5")
    )
    with pytest.raises(UsageError, match="TB7503"):
        _update(filed)
    update = _update(filed, port="7")
    assert {path.name for path in update.changed} == {"release.family.yaml", "release.yaml"}


@pytest.mark.parametrize("path", [".git/hooks/pre-commit", ".github/x.yml"])
def test_a_family_that_now_writes_elsewhere(filed: Path, path: str) -> None:
    """What `init` refuses is refused here, too."""
    place = filed.parent / "families/plain/files" / path
    place.parent.mkdir(parents=True)
    if path.startswith(".git/"):  # passed over where families are read
        place = place.parents[2] / ".envrc"
    place.write_text("x")
    with pytest.raises(SpecError, match="TB7513"):
        _update(filed, port="7")
