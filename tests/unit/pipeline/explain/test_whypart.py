"""``pipeline.explain.whypart``: what is within a wheel is there because of the wheel."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from tests.unit.pipeline.explain.test_why import QUESTIONED

from twinbuild.codec.canonical import canonical
from twinbuild.describe.manifest import MANIFEST_VERSION
from twinbuild.errors import UsageError
from twinbuild.model.digest import Digest
from twinbuild.pipeline.explain.asked import Questioned
from twinbuild.pipeline.explain.whypart import why_named
from twinbuild.pipeline.reading.released import read_release

_CRATE = {"name": "low", "version": "9", "purl": "pkg:cargo/low@9", "property": ("twinbuild:compiled-into", "mid")}
_LIBRARY = {"name": "libz", "version": "1.3", "purl": "pkg:pypi/mid@2#mid.libs/libz-0a.so.1", "property": None}


@pytest.fixture
def questioned(tmp_path: Path) -> Questioned:
    """A release whose wheel mid bundles libz and was compiled with a crate that is called as another wheel is."""
    wheel = "wheel/mid-2-py3-none-any.whl"
    parts = [
        {
            "type": "library",
            "bom-ref": f"{wheel}!/{each['name']}",
            **{key: each[key] for key in ("name", "version", "purl")},
            "properties": [
                {"name": name, "value": value}
                for name, value in (each["property"] or ("bsi:component:filename", "libz-0a.so.1"),)
            ],
        }
        for each in (_CRATE, _LIBRARY)
    ]
    bare = {"type": "library", "name": "bare"}  # in one that has no reference either
    component = {"type": "library", "bom-ref": wheel, "name": "mid", "version": "2", "components": parts}
    bill = json.dumps(
        {
            "bomFormat": "CycloneDX",
            "specVersion": "1.6",
            "version": 1,
            "components": [component, {**bare, "components": [bare]}],
        }
    ).encode()
    document = {
        "apiVersion": MANIFEST_VERSION,
        "kind": "ReleaseManifest",
        "metadata": {"name": "x", "version": "1"},
        "documents": [{"path": "sbom.cdx.json", "sha256": Digest.of(bill).hex}],
    }
    manifest = canonical(document)
    for name, content in (
        ("sbom.cdx.json", bill),
        ("manifest.json", manifest),
        ("release.digest", f"{Digest.of(manifest)}\n".encode()),
    ):
        (tmp_path / name).write_bytes(content)
    (target,) = QUESTIONED.lock.targets
    wheels = tuple(replace(each, filename=f"{each.name}-{each.version}-py3-none-any.whl") for each in target.wheels)
    lock = replace(QUESTIONED.lock, targets=(replace(target, wheels=wheels),))
    return replace(QUESTIONED, lock=lock, release=read_release(tmp_path))


@pytest.mark.parametrize("asked", ["libz", "LibZ==1.3", "libz-0a.so.1", "pkg:pypi/mid@2#mid.libs/libz-0a.so.1"])
def test_a_bundled_library(questioned: Questioned, asked: str) -> None:
    """Named as people, scanners and loaders do; the way is the wheel's, one step longer."""
    found = [each for each in why_named(questioned, asked) if each.kind.startswith("within")]
    assert [(each.kind, each.package) for each in found] == [("within mid 2: libz-0a.so.1", "libz 1.3")]
    assert found[0].chains[0].packages == ("top 1", "mid 2", "libz 1.3")


def test_a_crate_that_is_called_like_a_wheel(questioned: Questioned) -> None:
    """Both are told; with a version, or as a package URL, the one that is meant."""
    assert [each.kind for each in why_named(questioned, "low")] == ["Python package", "compiled into mid 2"]
    assert [each.kind for each in why_named(questioned, "low==9")] == ["compiled into mid 2"]
    assert [each.kind for each in why_named(questioned, "pkg:cargo/low")] == ["compiled into mid 2"]
    assert [each.kind for each in why_named(questioned, "pkg:pypi/low")] == ["Python package"]


def test_unknown(questioned: Questioned) -> None:
    """Names of parts are among the nearest; a spec says who knows of them."""
    with pytest.raises(UsageError) as caught:
        why_named(questioned, "libzz")
    assert caught.value.findings[0].hint == "the nearest are libz, libc6"
    with pytest.raises(UsageError, match="TB9310"):
        why_named(questioned, "bare")
    with pytest.raises(UsageError) as caught:
        why_named(QUESTIONED, "rustcrate")
    assert "directory of a release" in (caught.value.findings[0].hint or "")
