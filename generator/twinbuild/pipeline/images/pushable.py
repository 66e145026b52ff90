"""What is meant by the path of something to push: which layout, and which of its images."""

from __future__ import annotations

from pathlib import Path

from twinbuild.errors import UsageError
from twinbuild.pipeline.reading.layouts import LayoutBlobs, NamedImage, no_layout

__all__ = ["chosen_images", "find_layouts"]


def chosen_images(where: Path, variants: tuple[str, ...]) -> tuple[LayoutBlobs, tuple[NamedImage, ...]]:
    """The layout that a path means, and its images; of ``variants`` alone, where there are any.

    Raises UsageError TB2420 (a variant that is not there), TB3231, TB3235, IntegrityError TB3234.
    """
    found = [_images(layout, variants) for layout in find_layouts(where, variants)]
    if len({tuple(image.descriptor.digest for image in images) for _, images in found}) > 1:
        places = " and ".join(str(source.directory.parent) for source, _ in found)
        raise UsageError.of(
            "TB3235",
            f"{places} have different images of {', '.join(variants)}",
            hint="name the directory that you mean, or release anew",
            where=str(where),
        )
    return found[0]


def find_layouts(where: Path, variants: tuple[str, ...] = ()) -> tuple[Path, ...]:
    """The layout that a path means: itself, that of a release directory, or of the last release of a spec.

    Of ``variants`` of a spec these are that of the release of all, and that of the release of these alone. Raises
    UsageError TB3231 where there is none, TB8010 for a spec that is none, TB2420 for a variant that it does not have.
    """
    for directory in (where, where / "image"):
        if (directory / "oci-layout").is_file():
            return (directory,)
    if where.is_dir() and not (where / "release.yaml").is_file():
        raise no_layout(where, "is neither a release, an OCI layout nor the directory of a spec")
    from twinbuild.pipeline.project import open_project  # late: a layout needs no spec

    project = open_project(where).only(variants)
    metadata = project.spec.metadata
    directory = project.directory / "dist"
    whole = f"{metadata.name}-{metadata.version}"
    places = [directory / name / "image" for name in dict.fromkeys((whole, "-".join((whole, *project.variants))))]
    layouts = tuple(place for place in places if (place / "oci-layout").is_file())
    if layouts:
        return layouts
    of = f" with {', '.join(project.variants)}" if project.variants else ""
    known = sorted(variant.name for variant in project.spec.environment.variants)
    alone = [name for name in known if (directory / f"{whole}-{name}" / "image" / "oci-layout").is_file()]
    if alone and not project.variants:
        raise no_layout(
            where,
            f"has no release {metadata.name} {metadata.version} of all variants, but of {', '.join(alone)} alone",
            hint=f"push one of them with `--variant {alone[0]}`, or release all",
        )
    raise no_layout(where, f"has no release {metadata.name} {metadata.version}{of} yet")


def _images(layout: Path, variants: tuple[str, ...]) -> tuple[LayoutBlobs, tuple[NamedImage, ...]]:
    source = LayoutBlobs(layout)
    images = source.images()
    source.require_verified(images)
    if not variants:
        return source, images
    named = {image: source.variant(image.descriptor) for image in images}
    known = sorted({variant for variant in named.values() if variant})
    for variant in variants:
        if variant not in known:
            raise UsageError.of(
                "TB2420",
                f"got the variant {variant[:80]!r}, expected one of {', '.join(known)}"
                if known
                else f"got the variant {variant[:80]!r}, and no image of the layout says of which variant it is",
                hint="name a variant of the layout" if known else "leave --variant out",
                where=str(layout),
            )
    return source, tuple(image for image in images if named[image] in variants)
