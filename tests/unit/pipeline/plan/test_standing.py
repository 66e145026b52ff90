"""``pipeline.plan.standing``: what ``FROM`` hands down, and what it does not."""

from __future__ import annotations

from dataclasses import replace

from fakes.images import config
from twinbuild.model.digest import Digest
from twinbuild.model.image import BaseHistory, Descriptor
from twinbuild.model.lock import LockedBase, LockedLayer
from twinbuild.pipeline.plan.standing import base_input, config_on

D = Digest.of(b"x")
BASE = LockedBase(
    name="registry.example/cuda",
    tag="12",
    index=D,
    manifest=Descriptor(media_type="application/vnd.docker.distribution.manifest.v2+json", digest=D, size=2),
    config=Descriptor(media_type="application/vnd.docker.container.image.v1+json", digest=D, size=2),
    layers=(
        LockedLayer(
            media_type="application/vnd.docker.image.rootfs.diff.tar.gzip",
            digest=D,
            size=2,
            diff_id=D,
            uncompressed_size=1024,
        ),
    ),
    system="ubuntu",
    system_version="24.04",
    executable="usr/bin/python3.12",
    interpreter=(0,),
    author="them",
    environment=(("PATH", "/usr/local/nvidia/bin:/usr/bin"), ("LANG", "C"), ("CUDA_VERSION", "12.4.1")),
    labels=(("maintainer", "them"), ("org.opencontainers.image.title", "cuda")),
    exposed_ports=("9000/tcp",),
    inherited=(("Volumes", '{"/data":{}}'),),
    history=(),
    packages=(),
)


def test_environment() -> None:
    """Theirs keep their place, ours override and follow; PATH is prepended to."""
    found = config_on(BASE, config(), prepend="/opt/venv/bin", chosen=frozenset())
    assert found.environment == (
        ("PATH", "/opt/venv/bin:/usr/local/nvidia/bin:/usr/bin"),
        ("LANG", "C.UTF-8"),
        ("CUDA_VERSION", "12.4.1"),
    )
    ours = config()
    assert config_on(BASE, ours, prepend="/x", chosen=frozenset({"PATH"})).environment[0] == ours.environment[0]
    without = replace(BASE, environment=())
    assert config_on(without, ours, prepend="/x", chosen=frozenset()).environment == ours.environment


def test_the_rest() -> None:
    """Labels and ports are added to, volumes stay, command and entry point are ours alone."""
    found = config_on(BASE, config(), prepend="/x", chosen=frozenset())
    assert found.labels == (
        ("maintainer", "them"),
        ("org.opencontainers.image.base.digest", str(D)),
        ("org.opencontainers.image.base.name", "registry.example/cuda:12"),
        ("org.opencontainers.image.title", "fraud-scorer"),
    )
    assert found.exposed_ports == ("8000/tcp", "9000/tcp")
    assert found.inherited == BASE.inherited
    assert (found.command, found.entrypoint, found.user) == (config().command, (), "10001:10001")


def test_layers_and_history() -> None:
    """Layers keep digest and size under OCI's name; a base without history gets an entry for each layer."""
    found = base_input(BASE)
    assert [(layer.media_type, layer.digest, layer.size) for layer in found.layers] == [
        ("application/vnd.oci.image.layer.v1.tar+gzip", D, 2)
    ]
    assert [entry.created_by for entry in found.history] == ["a layer of the base"]
    told = BaseHistory(created="2026-01-01T00:00:00Z", created_by="ADD", author="", comment="", empty_layer=False)
    assert base_input(replace(BASE, history=(told,))).history == (told,)
