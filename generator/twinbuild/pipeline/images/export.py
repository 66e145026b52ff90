"""Images out of the store: an OCI layout directory, an OCI tar, or a tar that ``docker load`` takes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from twinbuild.build.content import BlobContent
from twinbuild.model.digest import Digest
from twinbuild.model.image import Image
from twinbuild.model.tree import Content
from twinbuild.oci.layout import LayoutFile, image_layout, layout_entries, loadable_layout
from twinbuild.oci.tar import write_archive
from twinbuild.pipeline.output import Output, copy_blob, replace_directory, replace_file, write_file
from twinbuild.ports import Store

if TYPE_CHECKING:  # start-up is measured
    from twinbuild.pipeline.project import Project

__all__ = ["export_images", "export_layout"]


def export_images(
    project: Project, images: tuple[Image, ...], store: Store, output: Path, *, loadable: bool = False
) -> None:
    """Write images to ``output``: a tar where its name ends in ``.tar``, else a layout directory.

    Raises UsageError TB8020 where something else lies there.
    """
    metadata = project.spec.metadata
    make = loadable_layout if loadable else image_layout
    export_layout(make(metadata.name, metadata.version, images, some=bool(project.variants)), store, output)


def export_layout(files: tuple[LayoutFile, ...], store: Store, output: Path) -> None:
    """Write the files of a layout, as ``export_images`` does."""
    if output.suffix == ".tar":
        _write_tar(files, store, output)
        return
    with replace_directory(output, Output.LAYOUT) as fresh:
        for file in files:
            place = fresh / file.path
            place.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(file.content, bytes):
                write_file(place, file.content)
            else:
                copy_blob(store, file.content, place)


def _write_tar(files: tuple[LayoutFile, ...], store: Store, output: Path) -> None:
    def blob(digest: Digest) -> Content:
        return BlobContent(store, digest, store.size(digest))

    entries = layout_entries(files, blob)
    with replace_file(output) as stream:
        for chunk in write_archive(entries, mtime=0):
            stream.write(chunk)
