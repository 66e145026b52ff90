"""``resolve.base_registry``: a base from a registry on the loopback, by tag and by digest, whatever it answers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from fakes.bases import BaseImage
from fakes.registry import INDEX, FakeRegistry
from twinbuild.errors import TwinbuildError
from twinbuild.model.digest import Digest
from twinbuild.model.platform import Platform
from twinbuild.model.settings import Settings
from twinbuild.net.http import HttpClient
from twinbuild.net.registry.client import RegistryClient
from twinbuild.resolve.base import fetch_base, parse_base, resolve_base
from twinbuild.resolve.base_registry import RegistrySource
from twinbuild.store.memory import MemoryStore

AMD64, ARM64 = Platform.parse("linux/amd64"), Platform.parse("linux/arm64")


@pytest.fixture
def registry() -> Iterator[FakeRegistry]:
    """A registry that keeps to the rules."""
    with FakeRegistry() as running:
        yield running


def _put(registry: FakeRegistry, image: BaseImage, tag: str) -> bytes:
    media_type, content = image.manifest()
    for blob in image.blobs.values():
        registry.put_blob("team/python", blob)
    registry.put_manifest("team/python", tag, content, media_type)
    return content


@pytest.fixture
def source(registry: FakeRegistry) -> Iterator[RegistrySource]:
    """A client of it that waits for nothing."""
    settings = Settings(store="/nowhere", timeout=20.0, retries=1)
    client = RegistryClient(settings, http=HttpClient(settings, pause=lambda _: None))
    yield RegistrySource(client=client, name=f"{registry.authority}/team/python")
    client.close()


def _name(registry: FakeRegistry, rest: str = ":1") -> str:
    return f"{registry.authority}/team/python{rest}"


@pytest.mark.parametrize("docker", [False, True])
def test_by_tag_then_by_digest(registry: FakeRegistry, source: RegistrySource, *, docker: bool) -> None:
    """Locked by tag; brought again by digest when the tag is another image, and no byte is asked for twice."""
    image = BaseImage(docker=docker)
    content = _put(registry, image, "1")
    store = MemoryStore()
    found = resolve_base(parse_base(_name(registry)), AMD64, python="3.12", source=source, store=store)
    base, python = found.locked, found.python
    assert (base.reference, base.manifest.digest) == (_name(registry), Digest.of(content))
    assert python.version == "3.12.3"
    asked = [request.target for request in registry.requests if "/blobs/" in request.target]
    assert len(asked) == len(set(asked)) == 2
    _put(registry, BaseImage(architecture="arm64"), "1")
    again = MemoryStore()
    assert fetch_base(base, source, again) == 3
    assert set(again.blobs()) == {blob.digest for blob in base.blobs}


def test_an_index_for_each_platform(registry: FakeRegistry, source: RegistrySource) -> None:
    """One tag, an image for each platform; a platform that is not there is refused with those that are."""
    arm = BaseImage(architecture="arm64")
    amd = _put(registry, BaseImage(), "amd")
    index = registry.put_index("team/python", "1", {"linux/amd64": amd, "linux/arm64": _put(registry, arm, "arm")})
    base = resolve_base(parse_base(_name(registry)), AMD64, python="3.12", source=source, store=MemoryStore()).locked
    assert (base.index, base.manifest.digest) == (Digest.of(index), Digest.of(amd))
    only = registry.put_index("team/python", "2", {"linux/amd64": amd})
    with pytest.raises(TwinbuildError) as caught:
        resolve_base(
            parse_base(_name(registry, f"@{Digest.of(only)}")), ARM64, python="3.12", source=source, store=MemoryStore()
        )
    assert caught.value.findings[0].code == "TB2271"


def test_tag_and_digest(registry: FakeRegistry, source: RegistrySource) -> None:
    """Both are asked for, and TB2274 where they are not one image."""
    digest = Digest.of(_put(registry, BaseImage(), "1"))
    name = parse_base(_name(registry, f":1@{digest}"))
    assert resolve_base(name, AMD64, python="3.12", source=source, store=MemoryStore()).locked.manifest.digest == digest
    _put(registry, BaseImage(docker=True), "1")
    with pytest.raises(TwinbuildError) as caught:
        resolve_base(name, AMD64, python="3.12", source=source, store=MemoryStore())
    assert caught.value.findings[0].code == "TB2274"


@pytest.mark.parametrize("what", ["swapped layer", "cut-off layer", "no layer", "no tag", "swapped manifest"])
def test_what_a_registry_should_not_answer(registry: FakeRegistry, source: RegistrySource, what: str) -> None:
    """Other bytes end with exit 5, and nothing of them is stored; what is not there with exit 4."""
    image = BaseImage()
    digest = Digest.of(_put(registry, image, "1"))
    layer = str(Digest.of(image.tars[0]))
    name = _name(registry)
    if what == "swapped layer":
        registry.blobs[layer] = bytes(len(image.tars[0]))
    elif what == "cut-off layer":
        registry.blobs[layer] = image.tars[0][:-10]
    elif what == "no layer":
        registry.held["team/python"].discard(layer)
    elif what == "no tag":
        name = _name(registry, ":2")
    else:
        name = _name(registry, f"@{digest}")
        registry.manifests["team/python", str(digest)] = BaseImage(docker=True).manifest()[1], INDEX
    store = MemoryStore()
    with pytest.raises(TwinbuildError) as caught:
        resolve_base(parse_base(name), AMD64, python="3.12", source=source, store=store)
    assert caught.value.exit_code == (4 if what.startswith("no ") else 5)
    assert Digest.parse(layer) not in set(store.blobs())


def test_the_lock_names_no_mirror(registry: FakeRegistry) -> None:
    """A mirror serves it, and the lock says what the spec says."""
    content = _put(registry, BaseImage(), "1")
    settings = replace(
        Settings(store="/nowhere", retries=0), mirrors=(("registry.example", (f"http://{registry.authority}",)),)
    )
    client = RegistryClient(settings, http=HttpClient(settings, pause=lambda _: None))
    source = RegistrySource(client=client, name="registry.example/team/python")
    name = parse_base("registry.example/team/python:1")
    base = resolve_base(name, AMD64, python="3.12", source=source, store=MemoryStore()).locked
    client.close()
    assert (base.reference, base.manifest.digest) == ("registry.example/team/python:1", Digest.of(content))
    assert registry.authority not in repr(base)
