import json

from fakes.images import Shelf, config
from twinbuild.codec.canonical import canonical
from twinbuild.model.digest import Digest
from twinbuild.model.plan import Compression
from twinbuild.oci.image import _runtime, created, image_index, image_indexes, image_manifest


def test_one_time_for_everything() -> None:
    """The image and each step of its history have the release's time, in UTC."""
    shelf = Shelf()
    image = shelf.image(((), ()))
    document = json.loads(shelf.blobs[image.config.digest])
    times = {document["created"], *(step["created"] for step in document["history"])}
    assert times == {"2026-11-01T00:00:00Z"}
    assert created(0) == "1970-01-01T00:00:00Z"


def test_configuration_is_complete_and_canonical() -> None:
    """Everything of the derivation stands in the configuration, in canonical JSON."""
    shelf = Shelf()
    image = shelf.image(((), ()))
    content = shelf.blobs[image.config.digest]
    document = json.loads(content)
    assert content == canonical(document)
    assert (document["os"], document["architecture"]) == ("linux", "amd64")
    assert document["rootfs"] == {"type": "layers", "diff_ids": [str(layer.diff_id) for layer in image.layers]}
    assert [step["created_by"] for step in document["history"]] == ["twinbuild: layer 0", "twinbuild: layer 1"]
    assert document["config"] == {
        "Cmd": ["run", "--port", "8000"],
        "Env": ["PATH=/opt/venv/bin:/usr/bin", "LANG=C.UTF-8"],
        "ExposedPorts": {"8000/tcp": {}},
        "Labels": {"org.opencontainers.image.title": "fraud-scorer"},
        "StopSignal": "SIGTERM",
        "User": "10001:10001",
        "WorkingDir": "/app",
    }


def test_what_is_empty_is_left_out() -> None:
    """An empty field isn't written: engines read both the same, one spelling is enough."""
    bare = config(
        command=(), environment=(), exposed_ports=(), labels=(), stop_signal="", user="", working_directory=""
    )
    assert _runtime(bare) == {}


def test_manifest_names_its_blobs() -> None:
    """Config and layers stand in the manifest by media type, digest and size; annotations where given."""
    shelf = Shelf()
    image = shelf.image(kind=Compression.GZIP)
    document = json.loads(shelf.blobs[image.manifest.digest])
    assert document["schemaVersion"] == 2
    assert document["mediaType"] == image.manifest.media_type
    for entry, blob in ((document["config"], image.config), (document["layers"][0], image.layers[0].blob)):
        assert entry == {"mediaType": blob.media_type, "digest": str(blob.digest), "size": blob.size}
    annotated = image_manifest(b"{}", image.layers, annotations=(("b", "2"), ("a", "1")))
    assert json.loads(annotated)["annotations"] == {"a": "1", "b": "2"}


def test_index_lists_platforms_in_one_order() -> None:
    """The index of a variant is the same bytes in whatever order its images come."""
    shelf = Shelf()
    images = [shelf.image(architecture=name) for name in ("arm64", "amd64")]
    assert image_index(images) == image_index(images[::-1])
    platforms = [entry["platform"]["architecture"] for entry in json.loads(image_index(images))["manifests"]]
    assert platforms == ["amd64", "arm64"]


def test_indexes_of_variants_with_several_platforms() -> None:
    """Each such variant has one, the same in whatever order the images come; a variant with one platform has none."""
    shelf = Shelf()
    images = [
        shelf.image(variant="gpu", architecture="arm64"),
        shelf.image(variant="cpu"),
        shelf.image(variant="gpu", architecture="amd64"),
    ]
    (index,) = image_indexes(images)
    assert image_indexes(images[::-1]) == (index,)
    assert (index.variant, [str(platform) for platform in index.platforms]) == ("gpu", ["linux/amd64", "linux/arm64"])
    assert (index.descriptor.digest, index.descriptor.size) == (Digest.of(index.content), len(index.content))
    assert index.content == image_index([images[0], images[2]])
    assert image_indexes(images[:2]) == ()
