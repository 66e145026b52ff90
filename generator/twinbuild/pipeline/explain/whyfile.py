"""Why a file is in an image: its layer, the component that it belongs to, and the rule or step that put it there."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from twinbuild.errors import UsageError
from twinbuild.model.digest import Digest
from twinbuild.pipeline.explain.asked import Questioned
from twinbuild.pipeline.explain.layers import images_of
from twinbuild.pipeline.explain.why import Reasons, no_such, why_package
from twinbuild.pipeline.reading.boms import read_bom
from twinbuild.pipeline.reading.layouts import LayoutBlobs
from twinbuild.pipeline.reading.reconciling import reconcile_release

__all__ = ["FileReason", "why_file"]


_WHOLE: Final = "write the whole path of a file as the image has it, such as /app/main.py"


@dataclass(frozen=True, slots=True, kw_only=True)
class FileReason:
    """``component`` is "" where nobody owns the file; ``package`` are the reasons of its package, if it is of one."""

    image: str
    path: str
    layer: str
    component: str
    rule: str
    package: tuple[Reasons, ...]


def why_file(questioned: Questioned, path: str) -> tuple[FileReason, ...]:
    """The reasons of each image that has the file, by whichever links to directories it is named.

    The whole release is held against its images on the way.

    Raises UsageError TB9311 for what is no release with its images, TB9310 where no image has the file, and what
    ``reconcile_release`` raises.
    """
    release = questioned.release
    if release is None or release.directory is None:
        raise UsageError.of(
            "TB9311",
            f"{path[:200]} is a file, and a spec has no image",
            hint="name the directory of a release: `twinbuild why PATH dist/NAME-VERSION`",
        )
    wanted = posixpath.normpath(f"/{path.lstrip('/')}")
    directory = release.directory
    images = {str(Digest.of(image.manifest)): image for image in images_of(LayoutBlobs(directory / "image"))}
    found, known = [], set[str]()
    for held in reconcile_release(read_bom(directory)):
        known |= {*held.owned, *held.unexplained}
        layers = images[held.digest].layers if held.digest in images else ()
        real = _real(wanted, held.folders)
        owner = held.owned.get(real)
        if owner is not None:
            layer = layers[owner.layer].step if owner.layer < len(layers) else ""
            package = _package(questioned, owner.component)
            found.append(
                FileReason(
                    image=held.image,
                    path=real,
                    layer=layer,
                    component=owner.component,
                    rule=owner.rule,
                    package=package,
                )
            )
        elif real in held.unexplained:
            found.append(FileReason(image=held.image, path=real, layer="", component="", rule="", package=()))
    if not found:
        below = {each for each in known if posixpath.basename(each) == posixpath.basename(wanted)} or known
        raise no_such(wanted, below, f"is no file of an image of {questioned.name}", otherwise=_WHOLE)
    return tuple(found)


def _real(path: str, folders: Mapping[str, str]) -> str:
    """Where a path leads through links to directories: /lib/x is /usr/lib/x, as ldd names it and nobody owns it."""
    while above := next((each for each in _above(path) if each in folders), ""):
        path = folders[above] + path.removeprefix(above)
    return path


def _above(path: str) -> Iterator[str]:
    """The directories that a path lies in, the innermost first."""
    while path := path.rpartition("/")[0]:
        yield path


def _package(questioned: Questioned, component: str) -> tuple[Reasons, ...]:
    """The reasons of the package that a component is; none for other components."""
    try:
        return why_package(questioned, component.rpartition(" ")[0].rpartition("/")[2])
    except UsageError:
        return ()
