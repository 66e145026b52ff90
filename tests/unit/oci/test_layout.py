import io
import json
import tarfile

from fakes.images import EPOCH, TREE, Shelf, Shown
from twinbuild.model.digest import Digest
from twinbuild.oci.layout import REFERENCE, image_layout, layout_entries, loadable_layout
from twinbuild.oci.read import read_layout
from twinbuild.oci.tar import write_archive

CONTAINERD = "io.containerd.image.name"


def test_one_image_is_named_by_its_version() -> None:
    """The entry of a release's only image is its manifest, with platform and the version as its reference."""
    shelf = Shelf()
    image = shelf.image()
    files = shelf.files(image_layout("fraud-scorer", "1.0.0", [image]))
    assert json.loads(files["oci-layout"]) == {"imageLayoutVersion": "1.0.0"}
    (entry,) = json.loads(files["index.json"])["manifests"]
    assert entry["digest"] == str(image.manifest.digest)
    assert entry["platform"] == {"os": "linux", "architecture": "amd64"}
    assert entry["annotations"][REFERENCE] == "1.0.0"
    assert entry["annotations"][CONTAINERD] == "docker.io/library/fraud-scorer:1.0.0"
    blobs = {path for path in files if path.startswith("blobs/")}
    assert blobs == {f"blobs/sha256/{digest.hex}" for digest in shelf.blobs}


def test_variants_and_platforms() -> None:
    """Each variant has one entry; that of a variant with two platforms is an index of its own with both."""
    shelf = Shelf()
    images = [
        shelf.image(variant="cuda12"),
        shelf.image(architecture="arm64"),
        shelf.image(architecture="amd64"),
    ]
    layout = image_layout("fraud-scorer", "1.0.0", images)
    assert layout == image_layout("fraud-scorer", "1.0.0", images[::-1])
    files = shelf.files(layout)
    cpu, cuda = json.loads(files["index.json"])["manifests"]
    assert [entry["annotations"][REFERENCE] for entry in (cpu, cuda)] == [
        "1.0.0-cpu",
        "1.0.0-cuda12",
    ]
    assert cpu["annotations"][CONTAINERD] == "docker.io/library/fraud-scorer:1.0.0-cpu"
    assert cuda["digest"] == str(images[0].manifest.digest)
    nested = json.loads(files["blobs/sha256/" + cpu["digest"].removeprefix("sha256:")])
    assert [entry["platform"]["architecture"] for entry in nested["manifests"]] == ["amd64", "arm64"]
    found = read_layout(Shown(files))
    assert [(image.reference, image.platform) for image in found] == [
        ("1.0.0-cpu", "linux/amd64"),
        ("1.0.0-cpu", "linux/arm64"),
        ("1.0.0-cuda12", "linux/amd64"),
    ]


def test_a_version_that_is_no_tag() -> None:
    """Tags have no plus sign, which versions may have: an engine would refuse the name."""
    shelf = Shelf()
    files = shelf.files(loadable_layout("n", "1.0+cu124", [shelf.image()]))
    (entry,) = json.loads(files["index.json"])["manifests"]
    assert entry["annotations"] == {REFERENCE: "1.0_cu124", CONTAINERD: "docker.io/library/n:1.0_cu124"}
    assert json.loads(files["manifest.json"])[0]["RepoTags"] == ["n:1.0_cu124"]


def test_shared_blobs_are_there_once() -> None:
    """A layer that two images share is one file; sizes are those of the blobs."""
    shelf = Shelf()
    layout = image_layout("n", "1", [shelf.image(variant="a"), shelf.image(variant="b")])
    paths = [file.path for file in layout]
    assert len(set(paths)) == len(paths)
    assert paths == sorted(paths)
    assert all(file.size == len(content) for file, content in zip(layout, shelf.files(layout).values(), strict=True))


def test_loadable_has_both_documents_over_the_same_blobs() -> None:
    """The manifest.json names the same config and layers, by path, and the tag; the rest is the OCI layout."""
    shelf = Shelf()
    image = shelf.image()
    files = shelf.files(loadable_layout("fraud-scorer", "1.0.0", [image]))
    (entry,) = json.loads(files.pop("manifest.json"))
    assert entry["RepoTags"] == ["fraud-scorer:1.0.0"]
    assert Digest.of(files[entry["Config"]]) == image.config.digest
    assert [Digest.of(files[path]) for path in entry["Layers"]] == [layer.blob.digest for layer in image.layers]
    assert files == shelf.files(image_layout("fraud-scorer", "1.0.0", [image]))


def test_loadable_gives_each_platform_a_tag() -> None:
    """An engine without indexes would lose one of two images of a tag: each has its own."""
    shelf = Shelf()
    images = [shelf.image(architecture=name) for name in ("amd64", "arm64")]
    files = shelf.files(loadable_layout("n", "1", images))
    tags = [entry["RepoTags"] for entry in json.loads(files["manifest.json"])]
    assert tags == [["n:1-amd64"], ["n:1-arm64"]]


def test_archive_of_a_layout() -> None:
    """As a tar it holds the same files with one time, and is the same bytes twice."""
    shelf = Shelf()
    layout = loadable_layout("n", "1", [shelf.image((TREE, ()))])
    made = [b"".join(write_archive(layout_entries(layout, shelf.content), mtime=EPOCH)) for _ in range(2)]
    assert made[0] == made[1]
    with tarfile.open(fileobj=io.BytesIO(made[0])) as archive:
        found = {}
        for member in archive:
            if stream := archive.extractfile(member):
                found[member.name] = stream.read()
        assert found == shelf.files(layout)
        assert archive.getnames()[:2] == ["blobs", "blobs/sha256"]
