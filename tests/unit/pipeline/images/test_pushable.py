"""What a path means to ``push``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fakes.registry import INDEX, MANIFEST, described, document
from twinbuild.errors import IntegrityError, UsageError
from twinbuild.model.digest import Digest
from twinbuild.oci.document import LARGEST_DOCUMENT
from twinbuild.pipeline.images.pushable import chosen_images, find_layouts
from twinbuild.pipeline.project import Project

CONFIG = "application/vnd.oci.image.config.v1+json"


def layout(directory: Path, *variants: str) -> Path:
    """A layout of an image for each variant, which is in its labels; "" for an image without labels."""
    blobs = directory / "blobs" / "sha256"
    blobs.mkdir(parents=True)
    (directory / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    entries = []
    for variant in variants:
        labels = {"config": {"Labels": {"dev.twinbuild.variant": variant}}} if variant else {}
        config = document({"os": "linux", "architecture": "amd64", **labels})
        manifest = document(
            {"schemaVersion": 2, "mediaType": MANIFEST, "config": described(CONFIG, config), "layers": []}
        )
        for content in (config, manifest):
            (blobs / Digest.of(content).hex).write_bytes(content)
        name = {"org.opencontainers.image.ref.name": f"1.0.0-{variant}"}
        entries.append(described(MANIFEST, manifest, annotations=name))
    (directory / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": entries}))
    return directory


def test_found(tmp_path: Path) -> None:
    """A layout, and the release around one; nothing else."""
    inner = layout(tmp_path / "release" / "image", "cpu")
    assert find_layouts(inner) == (inner,)
    assert find_layouts(tmp_path / "release") == (inner,)
    with pytest.raises(UsageError, match="TB3231"):
        find_layouts(tmp_path)
    with pytest.raises(UsageError, match="TB8010"):
        find_layouts(tmp_path / "nothing")


def test_chosen(tmp_path: Path) -> None:
    """By the label of the image's configuration, not by its tag; one that is not there is refused with the others."""
    where = layout(tmp_path / "a", "cpu", "gpu", "tpu")
    tags = [[image.tag for image in chosen_images(where, names)[1]] for names in ((), ("gpu",), ("tpu", "cpu"))]
    assert tags == [["1.0.0-cpu", "1.0.0-gpu", "1.0.0-tpu"], ["1.0.0-gpu"], ["1.0.0-cpu", "1.0.0-tpu"]]
    with pytest.raises(UsageError, match=r"TB2420.*'rocm', expected one of cpu, gpu, tpu"):
        chosen_images(where, ("gpu", "rocm"))


def test_an_index_has_its_images_variant(tmp_path: Path) -> None:
    """Of several platforms, whose images are all of one variant; an index without an image is of none."""
    where = layout(tmp_path / "a", "cpu", "gpu")
    document_of = json.loads((where / "index.json").read_text())
    for number, entry in enumerate(document_of["manifests"]):
        inner = [{key: entry[key] for key in ("mediaType", "digest", "size")}]
        content = document({"schemaVersion": 2, "mediaType": INDEX, "manifests": inner if number else []})
        (where / "blobs" / "sha256" / Digest.of(content).hex).write_bytes(content)
        document_of["manifests"][number] = described(INDEX, content, annotations=entry["annotations"])
    (where / "index.json").write_text(json.dumps(document_of))
    (image,) = chosen_images(where, ("gpu",))[1]
    assert image.tag == "1.0.0-gpu"
    with pytest.raises(UsageError, match=r"TB2420.*'cpu', expected one of gpu"):
        chosen_images(where, ("cpu",))


def test_images_of_others(tmp_path: Path) -> None:
    """An image that says nothing of a variant is of none."""
    where = layout(tmp_path / "a", "")
    assert len(chosen_images(where, ())[1]) == 1
    with pytest.raises(UsageError, match=r"TB2420.*no image of the layout says .*leave --variant out"):
        chosen_images(where, ("cpu",))


@pytest.mark.parametrize("content", [b"{}", b"x" * (LARGEST_DOCUMENT + 1)])
def test_a_changed_configuration(tmp_path: Path, content: bytes) -> None:
    """RG-73: TB3211; what says of which variant an image is, is checked as everything is."""
    where = layout(tmp_path / "a", "cpu")
    (config,) = [file for file in (where / "blobs" / "sha256").iterdir() if b"Labels" in file.read_bytes()]
    config.write_bytes(content)
    with pytest.raises(IntegrityError, match="TB3211"):
        chosen_images(where, ("cpu",))


def spec_of(project: Project, *names: str) -> Path:
    """The project with these variants, and its ``dist``."""
    text = project.spec_path.read_text("utf-8")
    project.spec_path.write_text(
        text.replace(
            "    - {name: cpu, ", "".join(f"    - {{name: {name}}}\n" for name in names) + "    - {name: cpu, "
        )
    )
    return project.directory / "dist"


def test_releases_of_a_spec(project: Project) -> None:
    """Of all variants, or of some; a variant is found in either, and must be the same in both."""
    dist, where = spec_of(project, "gpu"), project.directory
    with pytest.raises(UsageError, match=r"TB3231.*no release fraud-scorer 1.0.0 yet"):
        chosen_images(where, ())
    layout(dist / "fraud-scorer-1.0.0-gpu" / "image", "gpu")
    assert len(chosen_images(where, ("gpu",))[1]) == 1
    with pytest.raises(UsageError, match=r"TB3231.*but of gpu alone .*--variant gpu"):
        chosen_images(where, ())
    with pytest.raises(UsageError, match=r"TB3231.*1.0.0 with cpu yet"):
        chosen_images(where, ("cpu",))
    with pytest.raises(UsageError, match=r"TB2420.*expected one of cpu, gpu"):
        chosen_images(where, ("rocm",))
    whole = layout(dist / "fraud-scorer-1.0.0" / "image", "cpu", "gpu")
    assert len(chosen_images(where, ())[1]) == 2
    assert len(chosen_images(where, ("gpu",))[1]) == 1
    index = json.loads((whole / "index.json").read_text())
    blob = whole / "blobs" / "sha256" / index["manifests"][1]["digest"].partition(":")[2]
    other = blob.read_bytes() + b" "
    (blob.parent / Digest.of(other).hex).write_bytes(other)
    index["manifests"][1] |= {"digest": str(Digest.of(other)), "size": len(other)}
    (whole / "index.json").write_text(json.dumps(index))
    with pytest.raises(UsageError, match=r"TB3235.*fraud-scorer-1.0.0 and .*fraud-scorer-1.0.0-gpu have different"):
        chosen_images(where, ("gpu",))
    assert len(chosen_images(dist / "fraud-scorer-1.0.0", ("gpu",))[1]) == 1
