"""TB92: twinbuild itself, packed and run from there."""

from __future__ import annotations

from typing import Final

from twinbuild.errors.catalogue import Code

__all__ = ["CODES"]

CODES: Final[tuple[Code, ...]] = (
    Code(
        code="TB9200",
        title="a file of twinbuild itself cannot be packed",
        explanation=(
            "twinbuild packs its own files as they are installed. One of them is a link, is no file, cannot be read, "
            "or is larger than 16 MiB, so that the packed twinbuild would not be the one that runs. Install it again, "
            "from its wheel or from a checkout."
        ),
    ),
    Code(
        code="TB9201",
        title="the lock of twinbuild's own libraries is missing",
        explanation=(
            "What twinbuild is packed with is named by templates/tool/release.lock, which comes with it. This "
            "installation has none. Install twinbuild again."
        ),
    ),
    Code(
        code="TB9202",
        title="twinbuild cannot be packed for that platform",
        explanation=(
            "The lock that comes with twinbuild names the packages of some platforms only. Pack it for one of those "
            "that the message lists."
        ),
    ),
    Code(
        code="TB9210",
        title="the image is no packed twinbuild",
        explanation=(
            "`twinbuild tool run` runs what `twinbuild tool pack` made: an image with the label dev.twinbuild.tool and "
            "an entry point. Any other image is not run. Name the layout that `tool pack` wrote."
        ),
    ),
    Code(
        code="TB9211",
        title="the packed twinbuild is for another machine",
        explanation=(
            "The image's programs are for another architecture than this machine's. Run it on such a machine, or name "
            "a layout that holds an image for this one: `twinbuild tool pack --platform`."
        ),
    ),
    Code(
        code="TB9220",
        title="a directory cannot be shown to the packed twinbuild",
        explanation=(
            "What is named by --read, --write and --store is seen inside at its own path. It must be a directory, and "
            "its path must not be one of the root's own, such as /usr or /etc, nor above or below one. Name another "
            "directory, or move it."
        ),
    ),
)
