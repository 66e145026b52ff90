"""Codes of file trees, layers and OCI documents (TB43)."""

from __future__ import annotations

from typing import Final

from twinbuild.errors.catalogue import Code

__all__ = ["CODES"]

CODES: Final[tuple[Code, ...]] = (
    Code(
        code="TB4301",
        title="path that cannot be in an image",
        explanation="""\
The path is absolute, empty, longer than Linux allows, has `..` or an empty part, or a control character.
Programs read such paths in different ways, and some of them leave the directory that they are unpacked in.

Do not use the archive; report it to whoever made it. In your own application directory, rename the file.""",
    ),
    Code(
        code="TB4302",
        title="target that no symbolic link can have",
        explanation="""\
The text of a symbolic link is empty, too long for Linux, or has a line end or a zero byte.

Do not use the archive; report it to whoever made it.""",
    ),
    Code(
        code="TB4303",
        title="path with two entries",
        explanation="""\
One layer would hold two entries of one path. Which of them counts depends on the program that unpacks the layer.

Remove one of the two inputs, or give the file another target.""",
    ),
    Code(
        code="TB4304",
        title="entry below something that is no directory",
        explanation="""\
An entry lies below a path that the same layer gives to a file or a link. Unpacking it would follow the link or fail.

Give the two inputs different targets.""",
    ),
    Code(
        code="TB4305",
        title="hard link without its file",
        explanation="""\
A hard link names a file that doesn't come before it in the same layer, or that is no regular file.

Add the file to the layer, before the link; for links to links, name the file itself.""",
    ),
    Code(
        code="TB4306",
        title="whiteout",
        explanation="""\
In image layers a file called `.wh.NAME` deletes NAME of the layers below (OCI image-spec, layer.md, "Whiteouts").
Layers that twinbuild makes delete nothing, so an input file of such a name is refused; in images that others made only
an empty file `.wh.NAME` or `.wh..wh..opq` is accepted, for engines disagree about every other form.

Rename the file, or do not use the image.""",
    ),
    Code(
        code="TB4307",
        title="time that a layer cannot hold",
        explanation="""\
The times of files in a layer are seconds from 1970 to 2242, as a tar header holds them.

Correct the release's date in the spec.""",
    ),
    Code(
        code="TB4308",
        title="content that is shorter or longer than stated",
        explanation="""\
The bytes of a file ended before its stated size, or went on after it: it was changed or damaged while it was read.

Fetch the input again, and let nothing write to it during a build.""",
    ),
    Code(
        code="TB4310",
        title="compressor of another version",
        explanation="""\
The bytes of a compressed layer depend on the compressor's version, level and mode, so the plan states them. This
installation has others, and its layers would have other digests (the `diff_id`s would be the same).

Install the version of twinbuild that made the plan, or plan again with this one.""",
    ),
    Code(
        code="TB4311",
        title="malformed compressed stream",
        explanation="""\
A layer is no gzip or zstd stream, is cut off, or its content doesn't have the sum that it states.

Fetch or build the blob again.""",
    ),
    Code(
        code="TB4312",
        title="bytes behind a compressed stream",
        explanation="""\
Something follows the first gzip member or zstd frame of a layer. Some programs read on and others stop, so the layer
would have different files in different engines. Chunked formats (eStargz, zstd:chunked) are made that way.

Pull or build the image again with ordinary layers.""",
    ),
    Code(
        code="TB4313",
        title="compressed stream that unpacks to too much",
        explanation="""\
A layer unpacks to far more bytes than its size makes likely, or asks for a huge window: the form of a bomb.

Check where the image comes from. For an image that you made yourself, raise the limit.""",
    ),
    Code(
        code="TB4330",
        title="document that is no strict JSON",
        explanation="""\
A document of an image isn't one JSON object in UTF-8, has a key twice, a number that JSON doesn't know, or is nested
very deeply. Such documents have different meanings in different programs.

Do not use the image; report it to whoever made it.""",
    ),
    Code(
        code="TB4331",
        title="no OCI image layout",
        explanation="""\
The directory or archive lacks `oci-layout`, `index.json` or a blob that is referred to, has another version than
1.0.0, or has files below `blobs/` whose names are no SHA-256.

Copy the image again, whole, for example with `skopeo copy`.""",
    ),
    Code(
        code="TB4332",
        title="blob with another digest or size",
        explanation="""\
A blob isn't what its descriptor or file name says: it was damaged, cut off, or replaced.

Copy the image again; if it stays so, do not use it and report it.""",
    ),
    Code(
        code="TB4333",
        title="media type that is refused",
        explanation="""\
A media type isn't one that twinbuild reads (OCI manifests, indexes, configurations; plain, gzip and zstd layers), the
document says another one inside than its descriptor outside, its schema version isn't 2, or a layer lies at an address
outside of the image.

Convert the image with `skopeo copy --format oci`, or use another one.""",
    ),
    Code(
        code="TB4334",
        title="document that is a manifest and an index at once",
        explanation="""\
The document has the fields of both, so one digest would be different images in different programs (CVE-2021-41190).

Do not use the image; report it to whoever made it.""",
    ),
    Code(
        code="TB4335",
        title="field of an image document that is wrong",
        explanation="""\
A field is missing or is of another kind than the OCI image specification says: a digest that isn't `sha256:` and 64
lower-case digits, a size that is negative or absurd, a user or owner that doesn't fit into 31 bits.

Do not use the image; report it to whoever made it.""",
    ),
    Code(
        code="TB4336",
        title="layers that are not those of the configuration",
        explanation="""\
The configuration's `diff_ids` (or its history) don't match the layers of the manifest, in number or in digest.

Do not use the image; report it to whoever made it.""",
    ),
    Code(
        code="TB4337",
        title="reference that is there twice",
        explanation="""\
Two entries of an index have one reference name, so the name could mean either image.

Remove one of the entries, or copy the wanted image by its digest into a new layout.""",
    ),
    Code(
        code="TB4338",
        title="image above a limit",
        explanation="""\
The image has more layers, manifests or nested indexes, or longer documents, than engines accept or than is honest.

Check where the image comes from; merge layers if it is yours.""",
    ),
    Code(
        code="TB4339",
        title="image without a clear platform",
        explanation="""\
The configuration lacks operating system or architecture, or the index states another platform than the configuration.

Use an image of the platform that you need, or report it to whoever made it.""",
    ),
)
