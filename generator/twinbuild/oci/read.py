"""The strict reader of OCI image layouts that others made: all of it is true, or none of it is used.

Every blob has the digest and size that its descriptors say; a document is a manifest or an index, never both, and says
the same inside as outside; every layer is one compressed stream around one clear tar whose digest is the diff_id.
Refused although some engines take it: media types other than OCI's own (Docker's, encrypted, foreign, schema 1),
several gzip members or zstd frames, a reference twice. Legal although odd: blobs that nothing refers to (their digest
is checked), set-uid files and capabilities (named in the remarks), whiteouts of files that no lower layer has.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import BinaryIO, Final, Protocol

from twinbuild.codec.amounts import counted
from twinbuild.codec.untar import Limits
from twinbuild.errors import IntegrityError
from twinbuild.model.digest import Digest
from twinbuild.model.image import Descriptor
from twinbuild.model.plan import Compression
from twinbuild.oci.compress import MEDIA_TYPES
from twinbuild.oci.contents import LARGEST_OWNER, LayerContents, read_layer
from twinbuild.oci.decompress import decompress
from twinbuild.oci.document import LARGEST_DOCUMENT, Node, parse
from twinbuild.oci.image import CONFIG, INDEX, MANIFEST
from twinbuild.oci.layout import REFERENCE, blob_path

__all__ = ["LayoutLimits", "LayoutSource", "ReadImage", "ReadLayer", "read_layout"]

_HINT: Final = "do not use the image; report it to whoever made it"
_LAYERS: Final[dict[str, Compression | None]] = {
    "application/vnd.oci.image.layer.v1.tar": None,
    **{media_type: kind for kind, media_type in MEDIA_TYPES.items()},
}
_BLOB: Final = re.compile(r"blobs/sha256/([0-9a-f]{64})", re.ASCII)
_CHUNK: Final = 1 << 20


class LayoutSource(Protocol):
    """Where a layout lies: a directory, an archive or a fake. Paths are relative, with forward slashes."""

    def open(self, path: str) -> BinaryIO:
        """A stream over a file; the caller closes it. Raises FileNotFoundError if there is none."""

    def paths(self) -> Iterable[str]:
        """The paths of all regular files."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LayoutLimits:
    """What a layout may cost.

    A layer may unpack to ``ratio`` times its size, or to ``free_size`` bytes if that is more: gzip reaches 1,032 and
    zstd 32,000 with zeros, libraries and weights stay below 20. Raise ``ratio`` for images that you made yourself.
    """

    layers: int = 127  # what overlayfs mounts in Docker
    manifests: int = 1000  # in all indexes together
    depth: int = 4  # of indexes in indexes
    ratio: int = 200
    free_size: int = 64 << 20
    archive: Limits = field(default_factory=Limits)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadLayer:
    """One layer as its descriptor names it, and what is inside."""

    blob: Descriptor
    contents: LayerContents


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadImage:
    """One image of a layout. ``reference`` is empty for an image that no entry names; ``config_document`` is exact."""

    reference: str
    platform: str  # os/architecture of the configuration
    manifest: Descriptor
    config: Descriptor
    config_document: bytes
    layers: tuple[ReadLayer, ...]  # lowest first


def read_layout(source: LayoutSource, *, limits: LayoutLimits | None = None) -> tuple[ReadImage, ...]:
    """All images of a layout, in the order of its indexes, after everything in it was checked.

    Raises IntegrityError: TB4306 whiteouts, TB4311 to TB4313 compression, TB4330 JSON, TB4331 layout, TB4332 digest or
    size, TB4333 media type, TB4334 manifest and index at once, TB4335 a field, TB4336 diff_ids, TB4337 references,
    TB4338 limits, TB4339 platform; and TB4401 to TB4404 for the tar of a layer.
    """
    return _Reading(source, limits or LayoutLimits()).images()


class _Reading:
    def __init__(self, source: LayoutSource, limits: LayoutLimits) -> None:
        self._source = source
        self._limits = limits
        self._layers: dict[tuple[Digest, str], LayerContents] = {}
        self._checked: set[Digest] = set()
        self._manifests = 0

    def images(self) -> tuple[ReadImage, ...]:
        """Check version, index, all that it refers to, and the blobs that are left."""
        layout = parse(self._document("oci-layout"), "oci-layout")
        if layout.text("imageLayoutVersion") != "1.0.0":
            layout.refuse(
                "TB4331", f"version {layout.text('imageLayoutVersion')!r:.40}, expected '1.0.0'", "imageLayoutVersion"
            )
        index = parse(self._document("index.json"), "index.json")
        self._refuse_repeated_references(index)
        found = self._index(index, reference="", depth=1)
        for path in sorted(self._source.paths()):
            self._leftover(path)
        return tuple(found)

    def _index(self, node: Node, *, reference: str, depth: int) -> list[ReadImage]:
        _check_form(node, INDEX)
        if depth > self._limits.depth:
            node.refuse("TB4338", f"indexes nested deeper than {self._limits.depth}")
        images: list[ReadImage] = []
        for entry in node.children("manifests", self._limits.manifests):
            self._manifests += 1
            if self._manifests > self._limits.manifests:
                entry.refuse("TB4338", f"more than {self._limits.manifests} manifests in all")
            descriptor = entry.descriptor()
            name = entry.mapping("annotations").get(REFERENCE, reference)
            if descriptor.media_type == INDEX:
                nested = parse(self._blob(descriptor, entry), str(descriptor.digest))
                images += self._index(nested, reference=name, depth=depth + 1)
            elif descriptor.media_type == MANIFEST:
                images.append(self._image(descriptor, entry, name))
            else:
                entry.refuse("TB4333", f"{descriptor.media_type!r:.100} is no image manifest or index", "mediaType")
        return images

    def _image(self, descriptor: Descriptor, entry: Node, reference: str) -> ReadImage:
        manifest = parse(self._blob(descriptor, entry), str(descriptor.digest))
        _check_form(manifest, MANIFEST)
        config_node = manifest.child("config")
        config = config_node.descriptor()
        if config.media_type != CONFIG:
            config_node.refuse("TB4333", f"{config.media_type!r:.100}, expected {CONFIG}", "mediaType")
        nodes = manifest.children("layers", self._limits.layers)
        descriptors = [node.descriptor() for node in nodes]
        for node, layer in zip(nodes, descriptors, strict=True):
            if layer.media_type not in _LAYERS:
                node.refuse("TB4333", f"{layer.media_type!r:.100} is no kind of layer that is read", "mediaType")
        content = self._blob(config, config_node)
        document = parse(content, str(config.digest))
        platform = _platform(document, entry)
        diff_ids = _diff_ids(document, len(descriptors))
        layers = [self._layer(layer) for layer in descriptors]
        for number, (diff_id, contents) in enumerate(zip(diff_ids, layers, strict=True)):
            if diff_id != contents.diff_id:
                message = f"diff_id {diff_id}, but the layer's tar has {contents.diff_id}"
                document.refuse("TB4336", message, f"rootfs/diff_ids/{number}")
        return ReadImage(
            reference=reference,
            platform=platform,
            manifest=descriptor,
            config=config,
            config_document=content,
            layers=tuple(ReadLayer(blob=b, contents=c) for b, c in zip(descriptors, layers, strict=True)),
        )

    def _layer(self, descriptor: Descriptor) -> LayerContents:
        self._check_blob(descriptor)
        key = (descriptor.digest, descriptor.media_type)
        if key not in self._layers:
            limit = max(self._limits.free_size, self._limits.ratio * descriptor.size)
            subject = str(descriptor.digest)
            with self._source.open(blob_path(descriptor.digest)) as stream:
                chunks = decompress(stream, _LAYERS[descriptor.media_type], limit=limit, subject=subject)
                self._layers[key] = read_layer(chunks, subject=subject, limits=self._limits.archive)
        return self._layers[key]

    def _blob(self, descriptor: Descriptor, node: Node) -> bytes:
        """A document's bytes, checked against its descriptor."""
        if descriptor.size > LARGEST_DOCUMENT:
            node.refuse("TB4338", f"a document of {descriptor.size} bytes, at most {LARGEST_DOCUMENT}", "size")
        content = self._document(blob_path(descriptor.digest))
        _compare(descriptor, len(content), Digest.of(content))
        self._checked.add(descriptor.digest)
        return content

    def _check_blob(self, descriptor: Descriptor) -> None:
        """Hash a blob before anything is unpacked from it; again for every descriptor, for each states a size."""
        digest, size = self._hash(blob_path(descriptor.digest), descriptor.size)
        _compare(descriptor, size, digest)
        self._checked.add(descriptor.digest)

    def _leftover(self, path: str) -> None:
        """A blob that nothing refers to must still be what its name says."""
        if not path.startswith("blobs/"):
            return
        match = _BLOB.fullmatch(path)
        if match is None:
            raise _error("TB4331", f"{path[:200]!r} is no blob's path, expected blobs/sha256/ and 64 digits", path)
        if Digest(match[1]) not in self._checked:
            digest, _ = self._hash(path, None)
            if digest.hex != match[1]:
                raise _error("TB4332", f"the blob has digest {digest}, expected sha256:{match[1]}", path)

    def _hash(self, path: str, expected: int | None) -> tuple[Digest, int]:
        """Digest and size of a file; stops early once it is longer than expected."""
        total, size = hashlib.sha256(), 0
        with self._open(path) as stream:
            while chunk := stream.read(_CHUNK):
                total.update(chunk)
                size += len(chunk)
                if expected is not None and size > expected:
                    break
        return Digest(total.hexdigest()), size

    def _document(self, path: str) -> bytes:
        with self._open(path) as stream:
            content = stream.read(LARGEST_DOCUMENT + 1)
        if len(content) > LARGEST_DOCUMENT:
            raise _error("TB4338", f"the document is longer than {LARGEST_DOCUMENT} bytes", path)
        return content

    def _open(self, path: str) -> BinaryIO:
        try:
            return self._source.open(path)
        except FileNotFoundError as error:
            raise _error("TB4331", f"{path} is missing", path) from error

    def _refuse_repeated_references(self, index: Node) -> None:
        seen: dict[str, str] = {}
        for entry in index.children("manifests", self._limits.manifests):
            name = entry.mapping("annotations").get(REFERENCE)
            if name is None:
                continue
            digest = str(entry.digest("digest"))
            if name in seen:
                entry.refuse("TB4337", f"{name!r:.200} names {seen[name]} and {digest}", f"annotations/{REFERENCE}")
            seen[name] = digest


def _check_form(node: Node, media_type: str) -> None:
    """A document is the one kind that its descriptor names, by its media type and by its fields (CVE-2021-41190)."""
    if node.fields.get("schemaVersion") != 2 or isinstance(node.fields.get("schemaVersion"), bool):
        node.refuse("TB4333", f"schema version {node.fields.get('schemaVersion')!r:.40}, expected 2", "schemaVersion")
    inside = node.text("mediaType", media_type)
    if inside != media_type:
        node.refuse("TB4333", f"{inside!r:.100} inside, but its descriptor says {media_type!r}", "mediaType")
    foreign = {"config", "layers", "fsLayers"} if media_type == INDEX else {"manifests", "fsLayers"}
    if both := sorted(foreign & node.fields.keys()):
        what = "an index" if media_type == INDEX else "an image manifest"
        node.refuse("TB4334", f"{what} that also has {', '.join(both)}: another reader takes it for something else")
    node.mapping("annotations")


def _platform(document: Node, entry: Node) -> str:
    """The configuration's platform, which an index entry that states one must repeat; and the user is a real number."""
    names = tuple(document.text(key, "") for key in ("os", "architecture"))
    if not all(names):
        document.refuse("TB4339", "the configuration lacks os or architecture")
    stated = entry.optional("platform")
    if stated is not None and (got := tuple(stated.text(key, "") for key in ("os", "architecture"))) != names:
        stated.refuse("TB4339", f"platform {'/'.join(got)!r:.80}, but the configuration has {'/'.join(names)!r:.80}")
    runtime = document.optional("config")
    if runtime is not None:
        for part in runtime.text("User", "").split(":"):
            if part.isdigit() and (not part.isascii() or len(part) > 10 or int(part) > LARGEST_OWNER):
                runtime.refuse("TB4335", f"user {part[:40]!r}, expected a number up to {LARGEST_OWNER}", "User")
        for key in ("Env", "Cmd", "Entrypoint"):
            runtime.texts(key)
    return "/".join(names)


def _diff_ids(document: Node, layers: int) -> list[Digest]:
    rootfs = document.child("rootfs")
    if rootfs.text("type") != "layers":
        rootfs.refuse("TB4335", f"{rootfs.text('type')!r:.40}, expected 'layers'", "type")
    texts = rootfs.texts("diff_ids")
    if len(texts) != layers:
        rootfs.refuse("TB4336", f"{counted(len(texts), 'diff_id')} for {counted(layers, 'layer')}", "diff_ids")
    if "history" in document.fields and document.fields["history"] is not None:
        entries = document.children("history", 10_000)
        filled = sum(entry.fields.get("empty_layer") is not True for entry in entries)
        if filled != layers:
            told = counted(filled, "layer")
            document.refuse("TB4336", f"history tells of {told}, the manifest has {layers}", "history")
    named = Node({str(number): text for number, text in enumerate(texts)}, rootfs.subject, f"{rootfs.pointer}/diff_ids")
    return [named.digest(str(number)) for number in range(layers)]


def _compare(descriptor: Descriptor, size: int, digest: Digest) -> None:
    subject = str(descriptor.digest)
    if size != descriptor.size:
        got = counted(size, "byte") if size < descriptor.size else f"{counted(size, 'byte')} or more"
        raise _error("TB4332", f"the blob has {got}, expected {descriptor.size}", subject)
    if digest != descriptor.digest:
        raise _error("TB4332", f"the blob has digest {digest}, expected {descriptor.digest}", subject)


def _error(code: str, message: str, subject: str) -> IntegrityError:
    return IntegrityError.of(code, message, hint=_HINT, where=subject)
