"""Images of a few files as ``verify.installed`` reads them, and bills of materials about them."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import posixpath
from collections.abc import Mapping

from fakes.debs import tree
from twinbuild.model.bom import Bom, BomComponent
from twinbuild.model.digest import Digest
from twinbuild.model.plan import BaseLayer
from twinbuild.model.platform import Platform
from twinbuild.oci.stack import OpenBlob
from twinbuild.verify.belonging import ImageOrigin
from twinbuild.verify.installed import ImageFiles, read_image_files

__all__ = ["IMAGE", "bill", "deb_files", "image_files", "origin", "package", "packed", "wheel_files"]

Files = Mapping[str, bytes | str | None]  # bytes are a file, text is a symbolic link, None a directory
_SITE = "opt/venv/lib/python3.11/site-packages"


def packed(*tars: bytes, sized: bool = False) -> tuple[tuple[BaseLayer, ...], OpenBlob]:
    """Layers of these tars (gzip), whose sizes are stated or not, and where their blobs are."""
    blobs = {Digest.of(blob): blob for blob in (gzip.compress(tar, mtime=0) for tar in tars)}
    layers = tuple(
        BaseLayer(
            media_type="application/vnd.oci.image.layer.v1.tar+gzip",
            digest=digest,
            size=len(blob),
            diff_id=Digest.of(gzip.decompress(blob)),
            uncompressed_size=len(gzip.decompress(blob)) if sized else 0,
        )
        for digest, blob in blobs.items()
    )
    return layers, lambda digest: io.BytesIO(blobs[digest])


def image_files(*layers: Files) -> ImageFiles:
    """Layers that were written, packed and read back."""
    return read_image_files(*packed(*map(tree, layers)))


def deb_files(
    name: str, files: Mapping[str, bytes], *, status: bytes = b"", scripts: Mapping[str, bytes] | None = None
) -> dict[str, bytes]:
    """What dpkg leaves of a package at version 1: its files, its entries under info, and the status with it."""
    info = f"var/lib/dpkg/info/{name}"
    sums = "".join(f"{hashlib.md5(content).hexdigest()}  {path}\n" for path, content in files.items())
    stanza = f"Package: {name}\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1\n\n"
    return {
        **files,
        f"{info}.list": "".join(f"/{path}\n" for path in (".", *files)).encode(),
        f"{info}.md5sums": sums.encode(),
        "var/lib/dpkg/status": status + stanza.encode(),
        **{f"{info}.{kind}": content for kind, content in (scripts or {}).items()},
    }


def wheel_files(name: str, files: Mapping[str, bytes], *, site: str = _SITE) -> dict[str, bytes]:
    """What pip leaves of a wheel at version 1: its files in site-packages and its RECORD."""
    record = f"{name}-1.dist-info/RECORD"
    rows = "".join(
        f"{path},sha256={base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip('=')},\n"
        for path, content in files.items()
    )
    return {
        **{posixpath.normpath(f"{site}/{path}"): content for path, content in files.items()},
        f"{site}/{record}": f"{rows}{record},,\n".encode(),
    }


def package(kind: str, name: str, version: str = "1", **fields: str) -> BomComponent:
    """A component: ``deb``, ``pypi`` or another type of package URL."""
    namespace = "debian/" if kind == "deb" else ""
    return BomComponent(
        reference=f"{kind}/{name}",
        type="library",
        name=name,
        version=version,
        purl=f"pkg:{kind}/{namespace}{name}@{version}",
        properties=fields,
    )


IMAGE = BomComponent(
    reference="image", type="container", name="image", version="1", hashes=(("SHA-256", "a" * 64),), properties={}
)


def bill(*components: BomComponent) -> Bom:
    """A document about an image that has these."""
    return Bom(
        version="1.6",
        serial="",
        timestamp="",
        phases=(),
        tools=(),
        authors=(),
        contacts=(),
        root=None,
        components=(IMAGE, *components),
        edges={"image": tuple(each.reference for each in components)},
        completeness={},
    )


def origin(*titles: str, application: Mapping[str, str] | None = None) -> ImageOrigin:
    """What the release manifest would say of an image with layers of these titles."""
    return ImageOrigin(
        name="cpu linux/amd64",
        digest=f"sha256:{'a' * 64}",
        layers=tuple((f"sha256:{number:064}", title) for number, title in enumerate(titles)),
        application=application or {},
        platform=Platform.parse("linux/amd64"),
    )
