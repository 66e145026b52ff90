"""``pipeline.explain.documents``: what every version changes is told from what a cluster is told otherwise."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from twinbuild.codec.canonical import canonical
from twinbuild.deploy.parity.difference import unlike
from twinbuild.deploy.parity.manifests import manifest_facts
from twinbuild.describe.manifest import MANIFEST_VERSION
from twinbuild.model.digest import Digest
from twinbuild.pipeline.explain.documents import looked_into
from twinbuild.pipeline.reading.released import Released

IMAGES = {"1.0.0": ("a" * 64, "b" * 64), "1.1.0": ("c" * 64, "d" * 64)}
FILES = {
    "deploy/pods.yaml": "name: shop 1.0.0\nversion: 1.0.0\nimage: x@sha256:{cpu}\nmap: shop-live-{cpu:.10}\n",
    "deploy/count.yaml": "version: 1.0.0\nreplicas: 2\n",
    "deploy/twice.yaml": "image: x@sha256:{cpu}\n",
    "deploy/other.yaml": "tool: 1.0.0\n",
}


def release(place: Path, version: str, *, texts: dict[str, str] | None = None, plain: bool = False) -> Released:
    """A release of two images with these documents; version and digests stand in them as templates have them.

    ``plain``: its manifest states the digests without their algorithm.
    """
    cpu, cuda = IMAGES[version]
    documents = []
    for path, template in {**FILES, **(texts or {})}.items():
        text = template.format(cpu=cpu, cuda=cuda).replace("1.0.0", version).encode()
        (place / version / path).parent.mkdir(parents=True, exist_ok=True)
        (place / version / path).write_bytes(text)
        documents.append({"path": path, "sha256": hashlib.sha256(text).hexdigest()})
    images = [
        {"variant": name, "platform": "linux/amd64", "digest": digest if plain else f"sha256:{digest}"}
        for name, digest in (("cpu", cpu), ("cuda", cuda))
    ]
    content = canonical(
        {
            "apiVersion": MANIFEST_VERSION,
            "kind": "ReleaseManifest",
            "metadata": {"name": "shop", "version": version},
            "environment": {"images": images},
            "documents": documents,
        }
    )
    path = place / version / "manifest.json"
    return Released(path=path, directory=path.parent, digest=Digest.of(content), content=content)


def risks(one: Released, other: Released) -> dict[str, str]:
    """The risk of each document that differs."""
    found = looked_into((one, other), unlike(manifest_facts(one.document), manifest_facts(other.document)))
    return {each.path[1]: each.risk for each in found if each.path[0] == "documents"}


def test_what_every_version_changes(tmp_path: Path) -> None:
    """It is of low risk; a number of pods, another image's digest, another thing's version are not."""
    changed = {
        "deploy/count.yaml": "version: 1.0.0\nreplicas: 3\n",
        "deploy/twice.yaml": "image: x@sha256:{cuda}\n",
    }
    assert risks(release(tmp_path, "1.0.0"), release(tmp_path, "1.1.0", texts=changed)) == {
        "deploy/pods.yaml": "low",
        "deploy/count.yaml": "high",
        "deploy/twice.yaml": "high",
        "deploy/other.yaml": "high",
    }


def test_a_manifest_that_states_anything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is no digest is not looked for in documents, though both manifests call it one."""
    monkeypatch.setitem(IMAGES, "1.0.0", ("replicas: 2", "b" * 64))
    monkeypatch.setitem(IMAGES, "1.1.0", ("replicas: 3", "d" * 64))
    changed = {"deploy/count.yaml": "version: 1.0.0\nreplicas: 3\n"}
    found = risks(release(tmp_path, "1.0.0", plain=True), release(tmp_path, "1.1.0", texts=changed, plain=True))
    assert found["deploy/count.yaml"] == "high"


@pytest.mark.parametrize("lost", ["gone", "other", "alone"])
def test_what_cannot_be_read(tmp_path: Path, lost: str) -> None:
    """A document that is not there, or not the one that is named, keeps its risk."""
    one, other = release(tmp_path, "1.0.0"), release(tmp_path, "1.1.0")
    path = tmp_path / "1.1.0" / "deploy" / "pods.yaml"
    if lost == "gone":
        path.unlink()
    elif lost == "other":
        path.write_text("replicas: 0\n")
    else:
        other = Released(path=other.path, directory=None, digest=other.digest, content=other.content)
    assert risks(one, other)["deploy/pods.yaml"] == "high"


def test_what_looks_masked(tmp_path: Path) -> None:
    """A document that has what stands here for an image's digest does not say the same as one with the digest."""
    text = "image: x@\0cpu linux/amd64\n"
    found = risks(release(tmp_path, "1.0.0"), release(tmp_path, "1.1.0", texts={"deploy/twice.yaml": text}))
    assert found["deploy/twice.yaml"] != "low"


def test_a_document_that_follows_from_nothing(tmp_path: Path) -> None:
    """A bill of materials that alone differs does not follow from the rest; beside a new version it may."""
    one, two, next_one = (
        release(tmp_path / str(number), version, texts={"sbom.cdx.json": text})
        for number, (version, text) in enumerate((("1.0.0", "a"), ("1.0.0", "b"), ("1.1.0", "b")))
    )
    assert risks(one, two) == {"sbom.cdx.json": "medium"}
    assert risks(one, next_one)["sbom.cdx.json"] == "low"
