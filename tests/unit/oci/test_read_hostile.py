"""Hostile layouts, each made from a good one by one change, and the odd ones that are legal."""

import base64
import gzip
import json
import tarfile
import time
from collections.abc import Callable

import pytest
import zstandard

from fakes.images import TREE, Shelf, Shown, foreign_tar, member
from twinbuild.codec.untar import Limits
from twinbuild.errors import IntegrityError
from twinbuild.model.digest import Digest
from twinbuild.model.plan import Compression
from twinbuild.oci.image import INDEX
from twinbuild.oci.layout import blob_path, image_layout
from twinbuild.oci.read import LayoutLimits, ReadImage, read_layout

GZIP = "application/vnd.oci.image.layer.v1.tar+gzip"
ZSTD = "application/vnd.oci.image.layer.v1.tar+zstd"
Document = dict[str, object]
OTHER = "sha256:" + "0" * 64


class Forge:
    """A good layout of one image, taken apart so that any document can be replaced and all above follow."""

    def __init__(self, kind: Compression = Compression.GZIP) -> None:
        shelf = Shelf()
        image = shelf.image((TREE,), kind=kind)
        self.files = shelf.files(image_layout("app", "1", [image]))
        self.layer = shelf.blobs[image.layers[0].blob.digest]
        self.index = json.loads(self.files.pop("index.json"))
        self.manifest = json.loads(self.files.pop(blob_path(image.manifest.digest)))
        self.config = json.loads(self.files.pop(blob_path(image.config.digest)))
        self.raw_config: bytes | None = None
        self.raw_manifest: bytes | None = None
        self.raw_index: bytes | None = None

    def put(self, content: bytes) -> Document:
        """Store a blob; its digest and size as they stand in a descriptor."""
        digest = Digest.of(content)
        self.files[blob_path(digest)] = content
        return {"digest": str(digest), "size": len(content)}

    def replace_layer(self, tar: bytes, *, packed: bytes | None = None, media_type: str = GZIP) -> None:
        """Another layer, honestly named everywhere."""
        self.files.pop(blob_path(Digest.parse(self.manifest["layers"][0]["digest"])))
        content = gzip.compress(tar, mtime=0) if packed is None else packed
        self.manifest["layers"][0] = {"mediaType": media_type, **self.put(content)}
        self.config["rootfs"]["diff_ids"][0] = str(Digest.of(tar))

    def shown(self) -> Shown:
        """The layout with all documents written again."""
        config = json.dumps(self.config).encode() if self.raw_config is None else self.raw_config
        self.manifest["config"].update(self.put(config) | self.manifest["config"].pop("lie", {}))
        manifest = json.dumps(self.manifest).encode() if self.raw_manifest is None else self.raw_manifest
        entry = self.index["manifests"][0]
        entry.update(self.put(manifest) | entry.pop("lie", {}))
        self.files["index.json"] = json.dumps(self.index).encode() if self.raw_index is None else self.raw_index
        return Shown(self.files)

    def refusal(self, limits: LayoutLimits | None = None) -> str:
        """The code that it is refused with; every refusal says where and what to do."""
        with pytest.raises(IntegrityError) as error:
            read_layout(self.shown(), limits=limits)
        (finding,) = error.value.findings
        assert finding.hint
        assert finding.where.subject
        return finding.code

    def read(self) -> ReadImage:
        """The one image of a layout that is legal."""
        (image,) = read_layout(self.shown())
        return image


def test_control_the_good_layout_is_read() -> None:
    """Nothing is changed, so nothing is refused: every refusal below is due to its one change."""
    for kind in Compression:
        image = Forge(kind).read()
        assert (image.reference, image.platform) == ("1", "linux/amd64")
        assert image.layers[0].contents.members == len(TREE)


# OC-01: blobs


def test_layer_byte_flipped() -> None:
    """Any flipped byte of a layer is found by its digest, before it is unpacked."""
    for position in range(0, len(Forge().layer), 37):
        forge = Forge()
        path = blob_path(Digest.of(forge.layer))
        forge.files[path] = forge.layer[:position] + bytes([forge.layer[position] ^ 1]) + forge.layer[position + 1 :]
        assert forge.refusal() == "TB4332"


@pytest.mark.parametrize("which", ["layer", "config", "manifest"])
def test_blob_missing(which: str) -> None:
    """A missing blob is refused, whichever it is."""
    forge = Forge()
    shown = forge.shown()
    digest = {
        "layer": forge.manifest["layers"][0]["digest"],
        "config": forge.manifest["config"]["digest"],
        "manifest": forge.index["manifests"][0]["digest"],
    }[which]
    del shown.files[blob_path(Digest.parse(digest))]
    with pytest.raises(IntegrityError) as error:
        read_layout(shown)
    assert error.value.findings[0].code == "TB4331"


@pytest.mark.parametrize("by", [-1, 1])
def test_size_off_by_one(by: int) -> None:
    """A size that is one too small or too big is refused in each kind of descriptor."""
    forge = Forge()
    forge.manifest["layers"][0]["size"] += by
    assert forge.refusal() == "TB4332"
    forge = Forge()
    forge.manifest["config"]["lie"] = {"size": len(json.dumps(forge.config)) + by}
    assert forge.refusal() == "TB4332"
    forge = Forge()
    forge.shown()
    forge.index["manifests"][0]["lie"] = {"size": forge.index["manifests"][0]["size"] + by}
    assert forge.refusal() == "TB4332"


def test_same_blob_with_two_sizes() -> None:
    """A blob that was right once is checked again under a second descriptor."""
    forge = Forge()
    second = dict(forge.manifest["layers"][0])
    second["size"] += 1
    forge.manifest["layers"].append(second)
    forge.config["rootfs"]["diff_ids"] *= 2
    forge.config["history"] *= 2
    assert forge.refusal() == "TB4332"


def test_unreferenced_blob_is_checked() -> None:
    """A blob that nothing names is legal, but not with another digest than its name, nor under a false name."""
    forge = Forge()
    forge.put(b"attestation")
    assert forge.read()
    forge = Forge()
    forge.files[f"blobs/sha256/{'0' * 64}"] = b"not that"
    assert forge.refusal() == "TB4332"
    for path in ("blobs/sha256/short", "blobs/sha512/" + "0" * 128, "blobs/sha256/" + "A" * 64):
        forge = Forge()
        forge.files[path] = b""
        assert forge.refusal() == "TB4331"


# OC-02, OC-09: configuration against manifest


def test_wrong_diff_id() -> None:
    """A diff_id that isn't the digest of the layer's tar is refused."""
    forge = Forge()
    forge.config["rootfs"]["diff_ids"][0] = OTHER
    assert forge.refusal() == "TB4336"


@pytest.mark.parametrize("change", [lambda ids: ids.append(OTHER), lambda ids: ids.clear()])
def test_layers_and_diff_ids_of_different_length(change: Callable[[list[str]], None]) -> None:
    """More or fewer diff_ids than layers are refused."""
    forge = Forge()
    change(forge.config["rootfs"]["diff_ids"])
    assert forge.refusal() == "TB4336"


def test_history_of_another_length() -> None:
    """A history that tells of more layers is refused; empty steps don't count; no history is legal."""
    forge = Forge()
    forge.config["history"] *= 2
    assert forge.refusal() == "TB4336"
    forge = Forge()
    forge.config["history"].append({"created_by": "ENV A=b", "empty_layer": True})
    assert forge.read()
    forge = Forge()
    del forge.config["history"]
    assert forge.read()


# OC-03, OC-04, OC-17: what a document is


@pytest.mark.parametrize("key", ["manifests", "fsLayers"])
def test_manifest_that_is_also_something_else(key: str) -> None:
    """A manifest with the fields of an index or of schema 1 is refused."""
    forge = Forge()
    forge.manifest[key] = []
    assert forge.refusal() == "TB4334"


@pytest.mark.parametrize("key", ["config", "layers", "fsLayers"])
def test_index_that_is_also_something_else(key: str) -> None:
    """An index with the fields of a manifest is refused."""
    forge = Forge()
    forge.index[key] = forge.manifest.get(key, [])
    assert forge.refusal() == "TB4334"


@pytest.mark.parametrize("media_type", [INDEX, "application/vnd.docker.distribution.manifest.v2+json", "text/plain"])
def test_media_type_inside_disagrees(media_type: str) -> None:
    """A manifest that says inside that it is something else is refused."""
    forge = Forge()
    forge.manifest["mediaType"] = media_type
    assert forge.refusal() == "TB4333"


def test_media_type_outside_disagrees() -> None:
    """A manifest that its descriptor calls an index is refused, and an index that it calls a manifest."""
    forge = Forge()
    forge.index["manifests"][0]["mediaType"] = INDEX
    assert forge.refusal() == "TB4333"
    forge = Forge()
    forge.raw_manifest = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": []}).encode()
    assert forge.refusal() == "TB4333"


def test_media_type_left_out_inside_is_legal() -> None:
    """The specification only recommends the field; what the document is then follows from its descriptor alone."""
    forge = Forge()
    del forge.manifest["mediaType"]
    del forge.index["mediaType"]
    assert forge.read()


@pytest.mark.parametrize("version", [1, 3, "2", True, None])
def test_schema_version(version: object) -> None:
    """Schema 1 and anything else than the number 2 is refused."""
    forge = Forge()
    forge.manifest["schemaVersion"] = version
    assert forge.refusal() == "TB4333"


@pytest.mark.parametrize(
    "media_type",
    [
        "application/vnd.oci.image.layer.v1.tar+gzip+encrypted",
        "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
        "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
        "application/vnd.oci.image.layer.v1.tar+GZIP",
        "",
    ],
)
def test_unknown_layer(media_type: str) -> None:
    """Encrypted, foreign and unknown layers are refused."""
    forge = Forge()
    forge.manifest["layers"][0]["mediaType"] = media_type
    assert forge.refusal() == "TB4333"


@pytest.mark.parametrize("place", ["config", "index"])
def test_unknown_media_type_elsewhere(place: str) -> None:
    """A configuration or an index entry of an unknown type is refused."""
    forge = Forge()
    target = forge.manifest["config"] if place == "config" else forge.index["manifests"][0]
    target["mediaType"] = "application/vnd.example.thing.v1+json"
    assert forge.refusal() == "TB4333"


@pytest.mark.parametrize("said", [ZSTD, "application/vnd.oci.image.layer.v1.tar"])
def test_compression_other_than_said(said: str) -> None:
    """A gzip layer that is called zstd or plain is refused by what its bytes are."""
    forge = Forge()
    forge.manifest["layers"][0]["mediaType"] = said
    assert forge.refusal() in {"TB4311", "TB4401"}


def test_plain_and_zstd_layers_are_legal() -> None:
    """Both stand in the specification."""
    tar = foreign_tar(member("f", b"x"))
    for media_type, packed in (
        ("application/vnd.oci.image.layer.v1.tar", tar),
        (ZSTD, zstandard.ZstdCompressor(write_checksum=True).compress(tar)),
    ):
        forge = Forge()
        forge.replace_layer(tar, packed=packed, media_type=media_type)
        assert forge.read().layers[0].contents.diff_id == Digest.of(tar)


# OC-05: digests


@pytest.mark.parametrize(
    "digest",
    [
        "sha256:../../../../../../etc/passwd",
        "sha256:" + "0" * 63,
        "sha256:" + "0" * 65,
        "sha256:" + "A" * 64,
        "sha256:" + "0" * 64 + "\n",
        "sha512:" + "0" * 128,
        "md5:" + "0" * 32,
        "0" * 64,
        "",
        7,
        None,
    ],
)
@pytest.mark.parametrize("place", ["manifest", "config", "layer", "diff_id"])
def test_malformed_digest(digest: object, place: str) -> None:
    """Whatever isn't sha256 and 64 lower-case digits is refused in every place where a digest stands."""
    forge = Forge()
    match place:
        case "manifest":
            forge.index["manifests"][0]["lie"] = {"digest": digest}
        case "config":
            forge.manifest["config"]["lie"] = {"digest": digest}
        case "layer":
            forge.manifest["layers"][0]["digest"] = digest
        case "diff_id":
            forge.config["rootfs"]["diff_ids"][0] = digest
    assert forge.refusal() == "TB4335"


# OC-06: JSON


@pytest.mark.parametrize("place", ["raw_config", "raw_manifest", "raw_index"])
@pytest.mark.parametrize(
    "text",
    [
        b'{"a": 1, "a": 2}',
        b'{"deep": {"a": 1, "a": 1}}',
        b"[" * 200_000 + b"]" * 200_000,
        b'{"a":' * 200_000 + b"1" + b"}" * 200_000,
        b'{"a": ' + b"[" * 40 + b"]" * 40 + b"}",
        b'{"a": NaN}',
        b'{"a": ' + b"9" * 5000 + b"}",
        b'{"a": 1} {"b": 2}',
        b'\xef\xbb\xbf{"a": 1}',
        b'{"a": "\xff"}',
        b'{"a": "\\ud800"}',
        b"{",
        b"[]",
        b"",
    ],
    ids=[
        *("twice", "twice deep", "arrays", "objects", "deep", "NaN", "digits", "two", "BOM"),
        *("UTF-8", "surrogate", "cut", "array", "empty"),
    ],
)
def test_bad_json(place: str, text: bytes) -> None:
    """A document with two meanings, without end or without bounds is refused, quickly, wherever it stands."""
    forge = Forge()
    setattr(forge, place, text)
    begin = time.process_time()
    assert forge.refusal() == "TB4330"
    assert time.process_time() - begin < 2


@pytest.mark.parametrize("size", [-1, 2**63, 2**40 + 1, 1.0, "1", True, None])
def test_absurd_size(size: object) -> None:
    """A negative, huge or mistyped size is refused."""
    forge = Forge()
    forge.manifest["layers"][0]["size"] = size
    assert forge.refusal() == "TB4335"


def test_huge_document() -> None:
    """A manifest or index of more than 4 MiB is refused without being parsed."""
    forge = Forge()
    forge.manifest["annotations"] = {"a": "x" * (4 << 20)}
    assert forge.refusal() == "TB4338"
    forge = Forge()
    forge.index["annotations"] = {"a": "x" * (4 << 20)}
    assert forge.refusal() == "TB4338"


# OC-07: compressed streams


def test_gzip_with_more_behind() -> None:
    """Trailing bytes and several members are refused, also where all digests are honest."""
    tar = foreign_tar(member("f", b"x"))
    for packed in (
        gzip.compress(tar) + b"\0",
        gzip.compress(tar) + b"more",
        gzip.compress(tar[:512]) + gzip.compress(tar[512:]),
        gzip.compress(tar) + gzip.compress(b""),
    ):
        forge = Forge()
        forge.replace_layer(tar, packed=packed)
        assert forge.refusal() == "TB4312"


# OC-08, OC-09: index and layout


def test_two_entries_of_one_reference() -> None:
    """Two entries with one reference name are refused, even if they name one image."""
    forge = Forge()
    forge.shown()
    forge.index["manifests"].append(forge.index["manifests"][0])
    assert forge.refusal() == "TB4337"


def test_foreign_layer() -> None:
    """A layer that lies at an address is refused; an empty list of addresses is legal."""
    forge = Forge()
    forge.manifest["layers"][0]["urls"] = ["https://layers.example/one"]
    assert forge.refusal() == "TB4333"
    forge = Forge()
    forge.manifest["layers"][0]["urls"] = []
    assert forge.read()


def test_embedded_content() -> None:
    """Content inside a descriptor must be the blob; then it is legal."""
    forge = Forge()
    forge.shown()
    config = json.dumps(forge.config).encode()
    for embedded, code in ((b"other", "TB4332"), (config[:-1], "TB4332"), (None, "TB4335")):
        forge.manifest["config"]["data"] = "?" if embedded is None else base64.b64encode(embedded).decode()
        assert forge.refusal() == code
    forge.manifest["config"]["data"] = base64.b64encode(config).decode()
    assert forge.read()


@pytest.mark.parametrize("content", [b'{"imageLayoutVersion": "9.0.0"}', None])
def test_layout_version(content: bytes | None) -> None:
    """Another version, or no layout at all, is refused."""
    forge = Forge()
    if content is None:
        del forge.files["oci-layout"]
    else:
        forge.files["oci-layout"] = content
    assert forge.refusal() == "TB4331"


def test_indexes_without_end() -> None:
    """Indexes nested deeper than any engine follows are refused, within the limit they are legal."""
    for depth, legal in ((2, True), (5, False)):
        forge = Forge()
        forge.shown()
        inner = forge.index["manifests"][0]
        for _ in range(depth):
            nested = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": [inner]}).encode()
            inner = {"mediaType": INDEX, **forge.put(nested)}
        forge.raw_index = json.dumps({"schemaVersion": 2, "manifests": [inner]}).encode()
        assert bool(forge.read()) if legal else forge.refusal() == "TB4338"


def test_an_index_of_ten_thousand() -> None:
    """A wide index is refused before its manifests are read."""
    forge = Forge()
    forge.shown()
    entry = {key: value for key, value in forge.index["manifests"][0].items() if key != "annotations"}
    forge.index["manifests"] = [entry] * 10_000
    assert forge.refusal() == "TB4338"


# OC-10: archives


FILE = member("f", b"x")
LINK = member("d", type=tarfile.SYMTYPE, linkname="/etc")


@pytest.mark.parametrize(
    "members",
    [
        [member("../up", b"x")],
        [member("a/../../up", b"x")],
        [member("/etc/passwd", b"x")],
        [LINK, member("d/passwd", b"x")],
        [member("l", type=tarfile.LNKTYPE, linkname="../../etc/passwd")],
        [member("l", type=tarfile.LNKTYPE, linkname="/etc/passwd")],
        [member("l", type=tarfile.LNKTYPE, linkname="elsewhere")],
        [FILE, member("f/below", b"x")],
        [FILE, member("f", b"swapped")],
        [FILE, member("./f", b"swapped")],
        [LINK, member("d", b"swapped")],
        [member("a\nb", b"x")],
    ],
    ids=[
        *("dotdot", "dotdot inside", "absolute", "through link", "hard link out", "hard link absolute"),
        *("hard link to nothing", "file as parent", "duplicate", "duplicate with dot", "link swapped", "newline"),
    ],
)
def test_archives_that_escape_or_clash(members: list[tuple[tarfile.TarInfo, bytes]]) -> None:
    """No member leaves the root, passes through a link, or stands for two things."""
    forge = Forge()
    forge.replace_layer(foreign_tar(*members))
    assert forge.refusal() == "TB4403"


# OC-11: whiteouts


@pytest.mark.parametrize(
    "bad",
    [
        member("d/.wh.", b""),
        member("d/.wh..", b""),
        member("d/.wh...", b""),
        member("d/.wh..wh.aufs", b""),
        member("d/.wh..wh..plnk", b""),
        member("d/.wh.f", b"content"),
        member("d/.wh.f", type=tarfile.DIRTYPE),
        member("d/.wh.f", type=tarfile.SYMTYPE, linkname="x"),
        member("d/.wh..wh..opq", type=tarfile.DIRTYPE),
        member("d/.wh.f/below", b""),
    ],
    ids=lambda pair: f"{pair[0].name} {pair[0].type!r}",
)
def test_malformed_whiteouts(bad: tuple[tarfile.TarInfo, bytes]) -> None:
    """Marks without a name, with content, or of another kind are refused: engines disagree about each."""
    forge = Forge()
    forge.replace_layer(foreign_tar(bad))
    assert forge.refusal() == "TB4306"


def test_opaque_mark_below_a_file() -> None:
    """An opaque mark of what the same layer says is a file is refused."""
    forge = Forge()
    forge.replace_layer(foreign_tar(FILE, member("f/.wh..wh..opq")))
    assert forge.refusal() == "TB4403"


@pytest.mark.parametrize("name", ["d/.wh.f", "d/.wh..wh..opq", ".wh.never-there", "d/.wh..hidden", "d/.wh.f.wh.g"])
def test_legal_whiteouts(name: str) -> None:
    """Empty marks are legal, also of files that no lower layer has: they hide nothing, and nothing of later layers."""
    forge = Forge()
    forge.replace_layer(foreign_tar(member(name)))
    assert forge.read().layers[0].contents.members == 1


# OC-12: members with powers


@pytest.mark.parametrize("kind", [tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE, tarfile.CONTTYPE, b"S"])
def test_devices_and_unknown_kinds(kind: bytes) -> None:
    """Devices, FIFOs, sparse files and unknown kinds are refused."""
    forge = Forge()
    forge.replace_layer(foreign_tar(member("dev/x", type=kind)))
    assert forge.refusal() == "TB4402"


@pytest.mark.parametrize("owner", [2**31, 2**40])
def test_owner_that_wraps(owner: int) -> None:
    """An owner beyond 31 bits is refused; the biggest that fits is legal."""
    for field in ("uid", "gid"):
        forge = Forge()
        forge.replace_layer(foreign_tar(member("f", b"", **{field: owner})))
        assert forge.refusal() in {"TB4335", "TB4401"}
    forge = Forge()
    forge.replace_layer(foreign_tar(member("f", uid=2**31 - 1)))
    assert forge.read()


@pytest.mark.parametrize("user", ["2147483648", "0:2147483648", "4294967296", "99999999999999999999", "٣"])
def test_user_that_wraps(user: str) -> None:
    """A configured user beyond 31 bits, which engines have read as root, is refused (CVE-2024-40635)."""
    forge = Forge()
    forge.config["config"]["User"] = user
    assert forge.refusal() == "TB4335"


@pytest.mark.parametrize("user", ["", "0", "2147483647:2147483647", "app", "app:app"])
def test_users_that_are_legal(user: str) -> None:
    """Numbers that fit and names are legal."""
    forge = Forge()
    forge.config["config"]["User"] = user
    assert forge.read()


def test_set_uid_and_capabilities_are_named() -> None:
    """Legal, but named: the reader of the image may want to refuse them."""
    capable, content = member("bin/ping", b"x")
    capable.pax_headers = {"SCHILY.xattr.security.capability": "x"}
    forge = Forge()
    forge.replace_layer(foreign_tar(member("bin/su", b"x", mode=0o4755), (capable, content)))
    remarks = forge.read().layers[0].contents.remarks
    assert remarks == ("bin/su: mode 4755", "bin/ping: security.capability")


def test_name_that_is_not_utf8() -> None:
    """A name in another encoding is refused."""
    tar = bytearray(foreign_tar(member("fxx", b"x")))
    tar[0:3] = b"f\xff\xfe"
    tar[148:156] = b"        "
    tar[148:156] = b"%06o\0 " % sum(tar[:512])
    forge = Forge()
    forge.replace_layer(bytes(tar))
    assert forge.refusal() in {"TB4401", "TB4403"}


# OC-13: bombs


def test_a_gigabyte_of_zeros() -> None:
    """A layer that unpacks to a thousand times its size is stopped early, by either compression."""
    tar = foreign_tar(member("zeros", bytes(128 << 20)))
    for media_type, packed in ((GZIP, gzip.compress(tar, 1)), (ZSTD, zstandard.compress(tar))):
        forge = Forge()
        forge.replace_layer(tar, packed=packed, media_type=media_type)
        begin = time.process_time()
        assert forge.refusal() == "TB4313"
        assert time.process_time() - begin < 2


def test_too_many_members() -> None:
    """The number of members has a limit."""
    forge = Forge()
    forge.replace_layer(foreign_tar(*(member(f"f{number}") for number in range(101))))
    assert forge.refusal(LayoutLimits(archive=Limits(members=100))) == "TB4404"
    assert forge.read()


def test_a_thousand_layers() -> None:
    """More layers than an engine mounts are refused before any is read."""
    forge = Forge()
    forge.manifest["layers"] *= 1000
    forge.config["rootfs"]["diff_ids"] *= 1000
    assert forge.refusal() == "TB4338"


# OC-19: platforms


@pytest.mark.parametrize("key", ["os", "architecture"])
def test_configuration_without_platform(key: str) -> None:
    """A configuration without operating system or architecture is refused."""
    forge = Forge()
    del forge.config[key]
    assert forge.refusal() == "TB4339"


def test_platform_outside_disagrees() -> None:
    """An index that states another platform than the configuration is refused; stating none is legal."""
    forge = Forge()
    forge.index["manifests"][0]["platform"]["architecture"] = "arm64"
    assert forge.refusal() == "TB4339"
    forge = Forge()
    del forge.index["manifests"][0]["platform"]
    assert forge.read()


@pytest.mark.parametrize(("key", "value"), [("Env", "PATH=/bin"), ("Cmd", [1]), ("Entrypoint", {}), ("User", 0)])
def test_mistyped_configuration(key: str, value: object) -> None:
    """The fields that decide what runs are of the kinds that the specification says."""
    forge = Forge()
    forge.config["config"][key] = value
    assert forge.refusal() == "TB4335"


def test_refusals_point() -> None:
    """A refusal names the document and the field, with what it got and what it expected."""
    forge = Forge()
    forge.manifest["layers"][0]["size"] = -1
    with pytest.raises(IntegrityError) as error:
        read_layout(forge.shown())
    (finding,) = error.value.findings
    assert finding.where.pointer == "/layers/0/size"
    assert finding.where.subject.endswith("#/layers/0/size")
    assert finding.message.startswith("got -1, expected a whole number")
