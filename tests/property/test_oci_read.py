"""Laws of the layout reader: what it accepts is true, and nothing but its own error comes out."""

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from fakes.images import Shelf, Shown
from twinbuild.errors import IntegrityError
from twinbuild.model.digest import Digest
from twinbuild.model.plan import Compression
from twinbuild.oci.document import Node, parse
from twinbuild.oci.layout import blob_path, image_layout
from twinbuild.oci.read import read_layout

SHELF = Shelf()
IMAGE = SHELF.image(kind=Compression.GZIP)
GOOD = SHELF.files(image_layout("app", "1", [IMAGE]))
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8)),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=8), inner, max_size=4)),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(sorted(GOOD)), st.data())
def test_any_changed_byte_of_any_blob_is_refused(path: str, chance: st.DataObject) -> None:
    """Every byte of a blob counts; the two named documents may change only to something of the same meaning."""
    content = bytearray(GOOD[path])
    content[chance.draw(st.integers(0, len(content) - 1))] ^= chance.draw(st.integers(1, 255))
    try:
        images = read_layout(Shown({**GOOD, path: bytes(content)}))
    except IntegrityError:
        return
    assert path in {"index.json", "oci-layout"}
    assert all(image.manifest.digest == IMAGE.manifest.digest for image in images)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(["config", "manifest", "index"]), st.data())
def test_any_value_in_any_field(place: str, chance: st.DataObject) -> None:
    """A field of whatever kind is accepted or refused with our own error, in honestly named documents."""
    config = json.loads(GOOD[blob_path(IMAGE.config.digest)])
    manifest = json.loads(GOOD[blob_path(IMAGE.manifest.digest)])
    index = json.loads(GOOD["index.json"])
    document = {"config": config, "manifest": manifest, "index": index}[place]
    target = document
    while True:
        key = chance.draw(st.sampled_from(sorted(target) if isinstance(target, dict) else list(range(len(target)))))
        inner = target[key]
        if not isinstance(inner, (dict, list)) or not inner or chance.draw(st.booleans()):
            break
        target = inner
    target[key] = chance.draw(JSON)
    files = dict(GOOD)

    def put(value: object) -> dict[str, object]:
        content = json.dumps(value, allow_nan=True).encode()
        files[blob_path(Digest.of(content))] = content
        return {"digest": str(Digest.of(content)), "size": len(content)}

    if isinstance(manifest.get("config"), dict) and place == "config":
        manifest["config"].update(put(config))
    if place != "index":
        index["manifests"][0].update(put(manifest))
    files["index.json"] = json.dumps(index).encode()
    try:
        read_layout(Shown(files))
    except IntegrityError as error:
        found = error.findings[0].code
    else:
        found = "TB4"
    assert found.startswith("TB4")


@given(st.text(max_size=90) | st.from_regex(r"sha256:[0-9a-fA-F./]{60,66}", fullmatch=True))
def test_no_digest_names_a_path_outside(text: str) -> None:
    """Whatever stands where a digest should, a path that comes of it lies directly in blobs/sha256."""
    try:
        path = blob_path(Node({"digest": text}, "document", "").digest("digest"))
    except IntegrityError:
        return
    assert path.split("/")[:2] == ["blobs", "sha256"]
    assert len(path.split("/")) == 3
    assert len(path) == len("blobs/sha256/") + 64


@settings(max_examples=200)
@given(st.binary(max_size=200) | JSON.map(lambda value: json.dumps(value).encode()))
def test_parse_of_anything(content: bytes) -> None:
    """Bytes are one JSON object or are refused with our own error."""
    try:
        fields = parse(content, "document").fields
    except IntegrityError as error:
        refused = error.findings[0].code
    else:
        refused = ""
        assert fields == json.loads(content)
    assert refused in {"", "TB4330"}
