from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import yaml
from tests.unit.describe.conftest import INDEX, Case, read_spec

from twinbuild.codec.canonical import canonical
from twinbuild.codec.lock import encode_lock
from twinbuild.describe.manifest import MANIFEST_VERSION, release_manifest
from twinbuild.model.digest import Digest
from twinbuild.model.image import ImageIndex
from twinbuild.model.verification import Identical, Variation


def manifest_of(case: Case, *, commit: str = "", indexes: tuple[ImageIndex, ...] = ()) -> bytes:
    """The manifest of a case."""
    return release_manifest(
        case.spec,
        case.lock,
        case.images,
        Identical(
            variations=(Variation(name="clock", description="another time"),),
            images=tuple(image.manifest.digest for image in case.images),
        ),
        epoch=case.epoch,
        lock_digest=Digest.of(encode_lock(case.lock)),
        documents=(("sbom.cdx.xml", Digest.of(b"xml"), 3), ("release.lock", Digest.of(b"lock"), 4)),
        written=case.written,
        commit=commit,
        indexes=indexes,
    )


def _turned(value: Any) -> Any:
    """The same value with the keys of every mapping in the opposite order."""
    if isinstance(value, dict):
        return {key: _turned(value[key]) for key in reversed(list(value))}
    return [_turned(item) for item in value] if isinstance(value, list) else value


def test_canonical(case: Case) -> None:
    """The bytes are canonical JSON, of a stated version."""
    content = manifest_of(case)
    document = json.loads(content)
    assert canonical(document) == content
    assert (document["apiVersion"], document["kind"]) == (MANIFEST_VERSION, "ReleaseManifest")


def test_spelling_of_spec(case: Case) -> None:
    """Comments and the order of keys in the spec change no byte."""
    turned = yaml.dump(_turned(yaml.load(case.text, yaml.BaseLoader)), sort_keys=False)
    assert read_spec("# a comment\n" + case.text.replace("\nmodel:", "\n# another\nmodel:")) == case.spec
    assert turned.index("metadata:") > turned.index("build:")
    reordered = yaml.dump(_turned(yaml.safe_load(case.text.replace("2026-11-01", "'2026-11-01'"))), sort_keys=False)
    assert reordered.startswith("licences:")
    reordered = reordered.replace("2026-11-20", "'2026-11-20'").replace("''", "'")
    for text in (reordered, "# a comment\r\n\r\n" + case.text.replace("\n", "\r\n")):
        assert manifest_of(replace(case, text=text, spec=read_spec(text))) == manifest_of(case)


def test_every_section(case: Case) -> None:
    """Each section of the spec stands in the manifest, and metadata apart from what the service runs with."""
    document = json.loads(manifest_of(case))
    sections = set(type(case.spec).model_fields) - {"api_version", "kind"}
    assert sections - document.keys() == {"extends"}  # it extends no family
    assert document["metadata"]["source_date_epoch"] == case.epoch
    assert "environment" not in document["metadata"]
    assert document["serving"]["environment"]["OMP_NUM_THREADS"] == "1"


def test_everything_pinned(two: Case) -> None:
    """Images, packages, wheels, artifacts and application files stand there with their digests."""
    document = json.loads(manifest_of(two))
    assert [image["digest"] for image in document["environment"]["images"]] == [
        str(image.manifest.digest) for image in two.images
    ]
    for target, locked in zip(document["environment"]["targets"], two.lock.targets, strict=True):
        assert [deb["sha256"] for deb in target["os_packages"]] == [deb.sha256.hex for deb in locked.debs]
        assert [wheel["sha256"] for wheel in target["wheels"]] == [wheel.sha256.hex for wheel in locked.wheels]
    assert document["model"]["artifacts"][0]["sha256"] == two.lock.artifacts[0].sha256.hex
    assert [file["sha256"] for file in document["source"]["files"]] == [file.sha256.hex for file in two.lock.source]
    assert [entry["path"] for entry in document["documents"]] == ["release.lock", "sbom.cdx.xml"]


def test_indexes(case: Case) -> None:
    """What one pushes for several platforms is covered by the release digest."""
    assert json.loads(manifest_of(case))["environment"]["indexes"] == []
    (found,) = json.loads(manifest_of(case, indexes=(INDEX,)))["environment"]["indexes"]
    assert found == {
        "variant": "cpu",
        "digest": str(Digest.of(b"index")),
        "platforms": ["linux/amd64", "linux/arm64"],
    }


def test_commit_on_request(case: Case) -> None:
    """The source commit stands in it only where it is given: two checkouts of one tree have one digest."""
    assert "commit" not in json.loads(manifest_of(case))["source"]
    assert json.loads(manifest_of(case, commit="0" * 40))["source"]["commit"] == "0" * 40


def test_the_date_of_the_commit_is_gits(case: Case) -> None:
    """The time stamp follows from a stated date; where the commit's is meant, git said it."""
    at = "/metadata/source_date_epoch"
    tools = json.loads(manifest_of(case))["provenance"]["tools"]
    assert at in tools["twinbuild"]
    dated = case.spec.model_copy(update={"metadata": case.spec.metadata.model_copy(update={"date": "commit"})})
    tools = json.loads(manifest_of(replace(case, spec=dated)))["provenance"]["tools"]
    assert at in tools["git"]
    assert at not in tools["twinbuild"]


def test_no_address_of_the_machine(case: Case) -> None:
    """Wheels and packages name an index or archive, never where it is."""
    document = json.loads(manifest_of(case))
    for target in document["environment"]["targets"]:
        assert "://" not in json.dumps(target)
    assert "://" not in json.dumps(document["environment"]["suites"])
