"""``oci.foreign``: documents of bases, OCI's and Docker's; what cannot be a base is refused with the reason."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from fakes.bases import BaseImage, layer_tar
from twinbuild.errors import IntegrityError, LockError, TwinbuildError
from twinbuild.model.digest import Digest
from twinbuild.model.lock import LockedLayer
from twinbuild.model.platform import Platform
from twinbuild.oci.foreign import LAYER_TYPES, base_layer, choose_platform, parse_config, parse_manifest

AMD64, ARM64 = Platform.parse("linux/amd64"), Platform.parse("linux/arm64")
D = str(Digest.of(b"x"))


def _index(*entries: tuple[str, str, str]) -> bytes:
    return json.dumps({
        "schemaVersion": 2,
        "manifests": [
            {
                "mediaType": "application/vnd.oci.image.manifest.v1+json",
                "digest": str(Digest.of(f"{number}".encode())),
                "size": 3,
                "platform": {"os": system, "architecture": architecture, **({"variant": variant} if variant else {})},
            }
            for number, (system, architecture, variant) in enumerate(entries)
        ],
    }).encode()  # fmt: skip


def test_platforms() -> None:
    """The entry for the platform, its baseline spelled out or not; attestations are passed over."""
    index = _index(("linux", "amd64", ""), ("linux", "arm64", "v8"), ("linux", "arm", "v7"), ("unknown", "unknown", ""))
    assert choose_platform(index, AMD64, "i").digest == Digest.of(b"0")
    assert choose_platform(index, ARM64, "i").digest == Digest.of(b"1")
    with pytest.raises(LockError) as caught:
        choose_platform(_index(("linux", "arm", "v7"), ("unknown", "unknown", "")), AMD64, "i")
    assert caught.value.findings[0].code == "TB2271"
    assert caught.value.findings[0].message.endswith("it has linux/arm/v7")
    with pytest.raises(LockError) as caught:
        choose_platform(_index(("linux", "amd64", ""), ("linux", "amd64", "v1")), AMD64, "i")
    assert caught.value.findings[0].code == "TB2273"


@pytest.mark.parametrize("docker", [False, True])
def test_manifest(*, docker: bool) -> None:
    """OCI's and Docker's, with the media types as they stand there."""
    image = BaseImage(docker=docker)
    media_type, content = image.manifest()
    found = parse_manifest(content, media_type, "m")
    assert found.config.digest == Digest.of(image.config())
    assert [layer.media_type for layer in found.layers] == [
        "application/vnd.docker.image.rootfs.diff.tar.gzip" if docker else "application/vnd.oci.image.layer.v1.tar"
    ]


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({"schemaVersion": 1, "fsLayers": [], "history": []}, "schema version 1"),
        ({"config": {"mediaType": "application/vnd.example.model+json", "digest": D, "size": 1}}, "an artifact"),
        ({"layers": []}, "no layers"),
        (
            {"layers": [{"mediaType": "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"}]},
            "no registry distributes",
        ),
        (
            {"layers": [{"mediaType": "application/vnd.oci.image.layer.nondistributable.v1.tar"}]},
            "no registry distributes",
        ),
        ({"layers": [{"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip+encrypted"}]}, "an encrypted layer"),
        ({"layers": [{"mediaType": "application/x-squashfs"}]}, "of a kind that is not read"),
        ({"mediaType": "application/vnd.oci.image.index.v1+json"}, "no image manifest"),
    ],
)
def test_what_cannot_be_a_base(changes: dict[str, object], part: str) -> None:
    """TB2273, with what it is."""
    media_type, content = BaseImage().manifest(**changes)
    with pytest.raises(LockError) as caught:
        parse_manifest(content, media_type, "m")
    assert caught.value.findings[0].code == "TB2273"
    assert part in caught.value.findings[0].message


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"manifests": []}, "TB4334"),
        ({"layers": [{"mediaType": LAYER_TYPES[0], "digest": "sha256:../x", "size": 1}]}, "TB4335"),
        ({"layers": [{"mediaType": LAYER_TYPES[0], "digest": D, "size": -1}]}, "TB4335"),
        ({"layers": [{"mediaType": LAYER_TYPES[0], "digest": D, "size": 1, "urls": ["https://h.example/"]}]}, "TB4333"),
        ({"layers": [{"mediaType": LAYER_TYPES[0], "digest": D, "size": 1}] * 128}, "TB4338"),
    ],
)
def test_hostile_manifests(changes: dict[str, object], code: str) -> None:
    """Two meanings, digests and sizes that are none, content elsewhere, too many layers."""
    media_type, content = BaseImage().manifest(**changes)
    with pytest.raises(TwinbuildError) as caught:
        parse_manifest(content, media_type, "m")
    assert caught.value.findings[0].code == code


def test_configuration() -> None:
    """What an image on top keeps, in the order in which it counts."""
    image = BaseImage(
        runtime={
            "Env": ["B=2", "A=1=1"],
            "Labels": {"z": "1", "a": "2"},
            "ExposedPorts": {"9/tcp": {}, "8/udp": {}},
            "Volumes": {"/data": {}},
            "Shell": ["/bin/bash", "-c"],
            "Healthcheck": {"Test": ["NONE"]},
            "Entrypoint": ["/x"],
            "Hostname": "gone",
        }
    )
    found = parse_config(image.config(), "c", AMD64, 1)
    assert found.environment == (("B", "2"), ("A", "1=1"))
    assert found.labels == (("a", "2"), ("z", "1"))
    assert found.exposed_ports == ("8/udp", "9/tcp")
    assert found.inherited == (
        ("Healthcheck", '{"Test":["NONE"]}'),
        ("Shell", '["/bin/bash","-c"]'),
        ("Volumes", '{"/data":{}}'),
    )
    assert [entry.created_by for entry in found.history] == ["ADD"]
    assert parse_config(BaseImage(history=False).config(), "c", AMD64, 1).history == ()


@pytest.mark.parametrize(
    ("image", "layers", "code"),
    [
        (BaseImage(architecture="arm64"), 1, "TB2271"),
        (BaseImage(), 2, "TB4336"),
        (BaseImage(runtime={"Labels": {"": "x"}}), 1, "TB4335"),
        (BaseImage(runtime={"Labels": {"a=b": "x"}}), 1, "TB4335"),
        (BaseImage(runtime={"ExposedPorts": {"1\n2": {}}}), 1, "TB4335"),
        (BaseImage(runtime={"Env": ["=x"]}), 1, "TB4335"),
        (BaseImage(runtime={"Env": ["novalue"]}), 1, "TB4335"),
        (BaseImage(runtime={"Env": {"A": "1"}}), 1, "TB4335"),
    ],
)
def test_configurations_that_do_not_fit(image: BaseImage, layers: int, code: str) -> None:
    """Another platform, another number of layers, variables that are none."""
    with pytest.raises((LockError, IntegrityError)) as caught:
        parse_config(image.config(), "c", AMD64, layers)
    assert caught.value.findings[0].code == code


def test_history_of_other_layers() -> None:
    """TB4336 where the history tells of more layers than there are."""
    document = json.loads(BaseImage(tars=[layer_tar({"a": b""})]).config())
    document["history"] *= 2
    with pytest.raises(IntegrityError) as caught:
        parse_config(json.dumps(document).encode(), "c", AMD64, 1)
    assert caught.value.findings[0].code == "TB4336"


def test_media_types_of_layers() -> None:
    """Docker's names become OCI's for the same bytes; OCI's own stay."""
    digest = Digest.of(b"x")
    locked = LockedLayer(media_type="", digest=digest, size=1, diff_id=digest, uncompressed_size=1)
    named = {each: base_layer(replace(locked, media_type=each)).media_type for each in LAYER_TYPES}
    oci = "application/vnd.oci.image.layer.v1.tar"
    docker = "application/vnd.docker.image.rootfs.diff.tar"
    assert named == {
        **{f"{oci}{each}": f"{oci}{each}" for each in ("", "+gzip", "+zstd")},
        docker: oci,
        f"{docker}.gzip": f"{oci}+gzip",
        f"{docker}.zstd": f"{oci}+zstd",
    }
