"""``resolve.base``: a name becomes digests, and every byte that they name lies in the store."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from fakes.bases import BaseImage, FakeSource, elf, files_of_a_base, layer_tar, source_of
from twinbuild.errors import TwinbuildError
from twinbuild.model.digest import Digest
from twinbuild.model.lock import LockedBase
from twinbuild.model.platform import Platform
from twinbuild.resolve.base import BaseName, fetch_base, parse_base, resolve_base
from twinbuild.store.memory import MemoryStore

AMD64 = Platform.parse("linux/amd64")
NAME = BaseName(name="registry.example/python", tag="1", digest=None)


def _resolved(source: FakeSource, name: BaseName = NAME, store: MemoryStore | None = None) -> LockedBase:
    store = store or MemoryStore()
    base = resolve_base(name, AMD64, python="3.12", source=source, store=store).locked
    assert all(store.has(blob.digest) and store.size(blob.digest) == blob.size for blob in base.blobs)
    return base


def _refused(source: FakeSource, name: BaseName = NAME, **more: object) -> tuple[str, str]:
    with pytest.raises(TwinbuildError) as caught:
        resolve_base(name, AMD64, python="3.12", source=source, store=MemoryStore(), **more)  # type: ignore[arg-type]
    return caught.value.findings[0].code, caught.value.findings[0].message


def _index(*images: BaseImage) -> bytes:
    entries = []
    for image in images:
        media_type, content = image.manifest()
        platform = {"os": "linux", "architecture": image.architecture}
        entries.append({**image.described(content, media_type), "platform": platform})
    return json.dumps({"schemaVersion": 2, "manifests": entries}).encode()


def test_names() -> None:
    """Name, tag and digest are told apart; a port is no tag."""
    digest = Digest.of(b"x")
    assert parse_base("h.example:5000/a/b:1") == BaseName(name="h.example:5000/a/b", tag="1", digest=None)
    assert parse_base(f"h.example:5000/a@{digest}") == BaseName(name="h.example:5000/a", tag="", digest=digest)
    assert parse_base(f"a/b:1@{digest}") == BaseName(name="docker.io/a/b", tag="1", digest=digest)
    assert parse_base("python:3.12-slim") == BaseName(name="docker.io/library/python", tag="3.12-slim", digest=None)
    assert parse_base("oci-layout:some/dir") == BaseName(name="oci-layout:some/dir", tag="", digest=None)
    assert parse_base(f"oci-layout:d@{digest}") == BaseName(name="oci-layout:d", tag="", digest=digest)


@pytest.mark.parametrize("docker", [False, True])
def test_by_tag(*, docker: bool) -> None:
    """A tag leads to a manifest; what was found stands in the lock, and no address."""
    image = BaseImage(docker=docker, runtime={"Env": ["CUDA_VERSION=12.4.1", "PATH=/usr/local/bin:/bin"]})
    base = _resolved(source_of(image))
    media_type, content = image.manifest()
    assert (base.manifest.digest, base.manifest.media_type) == (Digest.of(content), media_type)
    assert base.reference == "registry.example/python:1"
    assert base.index is None
    assert base.environment[0] == ("CUDA_VERSION", "12.4.1")
    assert [layer.uncompressed_size for layer in base.layers] == [len(image.tars[0])]
    assert base.executable == "usr/local/bin/python3.12"


def test_by_index() -> None:
    """An index leads to the platform's manifest, and both digests are kept."""
    image, other = BaseImage(), BaseImage(architecture="arm64")
    index = _index(image, other)
    base = _resolved(source_of(image, other, index=index))
    assert base.index == Digest.of(index)
    assert base.manifest.digest == Digest.of(image.manifest()[1])
    assert _refused(source_of(other, index=_index(other)))[0] == "TB2271"


def test_by_tag_and_digest() -> None:
    """Both must agree."""
    source = source_of(BaseImage())
    digest = Digest.of(source.documents["1"][1])
    assert _resolved(source, replace(NAME, digest=digest)).manifest.digest == digest
    source.documents["1"] = BaseImage(docker=True).manifest()
    code, message = _refused(source, replace(NAME, digest=digest))
    assert code == "TB2274"
    assert str(digest) in message
    assert _resolved(source, replace(NAME, tag="", digest=digest)).tag == ""


def test_only_what_is_missing_is_fetched() -> None:
    """What the store has is not asked for again; what goes missing comes back by digest."""
    store, source = MemoryStore(), source_of(BaseImage())
    base = _resolved(source, store=store)
    source.asked.clear()
    assert fetch_base(base, source, store) == 0
    assert source.asked == []
    assert fetch_base(base, source, MemoryStore()) == 3
    assert sorted(source.asked) == sorted(str(blob.digest) for blob in base.blobs)
    _resolved(source, store=store)
    assert source.asked[-1:] == ["1"]


@pytest.mark.parametrize(
    ("image", "code"),
    [
        (BaseImage(tars=[layer_tar(files_of_a_base("3.11.2"))]), "TB2270"),
        (BaseImage(architecture="arm64"), "TB2271"),
        (BaseImage(tars=[layer_tar(files_of_a_base(binary=elf(loader="/lib/ld-musl-x86_64.so.1")))]), "TB2272"),
        (BaseImage(tars=[]), "TB2273"),
        (BaseImage(runtime={"OnBuild": ["RUN x"]}), "TB2276"),
        (BaseImage(tars=[layer_tar(files_of_a_base()), layer_tar({"lib/x": b""})]), "TB2277"),
        (BaseImage(runtime={"Env": ["PYTHONPATH=/x"]}), "TB2279"),
        (BaseImage(tars=[layer_tar({"../x": b""})]), "TB4403"),
        (BaseImage(tars=[b"no tar"]), "TB4401"),
    ],
)
def test_bases_that_are_refused(image: BaseImage, code: str) -> None:
    """Each with its own code, at lock time."""
    assert _refused(source_of(image))[0] == code


def test_occupied_places() -> None:
    """TB2275 where the release would hide files of the base."""
    image = BaseImage(tars=[layer_tar(files_of_a_base()), layer_tar({"opt/venv/x": b"", "home": "/srv"})])
    code, message = _refused(source_of(image), places=("opt/venv",), home="/home/app")
    assert code == "TB2275"
    assert "/home is a symlink" in message


def _swapped(part: str) -> FakeSource:
    """A repository that gives other bytes than it names."""
    image = BaseImage()
    source = source_of(image)
    _, content = source.documents["1"]
    document = json.loads(content)
    if part == "size":
        document["layers"][0]["size"] += 1
        changed = json.dumps(document).encode()
        source.documents["1"] = (source.documents["1"][0], changed)
    elif part == "layer":
        source.blobs[Digest.parse(document["layers"][0]["digest"])] = b"other"
    else:
        other = BaseImage(docker=True).manifest()
        for reference in source.documents:
            source.documents[reference] = other
    return source


def test_other_bytes_than_named() -> None:
    """A manifest, a blob or a size that is not what was named is an integrity error."""
    digest = Digest.of(BaseImage().manifest()[1])
    assert _refused(_swapped("manifest"), replace(NAME, tag="", digest=digest))[0] == "TB4332"
    assert _refused(_swapped("layer"))[0] == "TB3101"
    assert _refused(_swapped("size"))[0] == "TB4332"
    image = BaseImage()
    source = source_of(image, index=_index(image))
    manifest = str(Digest.of(image.manifest()[1]))
    media_type, content = source.documents[manifest]
    source.documents[manifest] = ("application/vnd.oci.image.index.v1+json", content)
    assert _refused(source)[0] == "TB4333"
    source.documents[manifest] = (media_type, content.replace(b'"schemaVersion": 2', b'"schemaVersion" :2'))
    assert _refused(source)[0] == "TB4332"
