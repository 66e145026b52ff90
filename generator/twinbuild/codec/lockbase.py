"""The fields of a base image in ``release.lock``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from twinbuild.codec.canonical import Json
from twinbuild.codec.lockvalues import (
    Problem,
    Shape,
    by,
    matching,
    read_boolean,
    read_deb,
    read_deb_version,
    read_digest,
    read_json_pairs,
    read_pairs,
    read_path,
    read_size,
    read_sorted_lines,
    read_text,
    read_word,
)
from twinbuild.model.image import BaseHistory, Descriptor
from twinbuild.model.lock import InstalledPackage, LockedBase, LockedLayer

__all__ = ["BASE"]


_INHERITED: Final = frozenset({"Healthcheck", "Shell", "StopTimeout", "Volumes"})


def _numbers(value: Json) -> object:
    if not isinstance(value, list):
        return Problem("TB2206", f"got {str(value)[:60]!r}, expected a list of numbers")
    numbers = [each for each in value if isinstance(each, int) and not isinstance(each, bool)]
    if numbers != value:
        return Problem("TB2206", f"got {str(value)[:60]!r}, expected a list of numbers")
    if numbers != sorted(set(numbers)):
        return Problem("TB2211", "the numbers are not sorted, or one is there twice")
    return tuple(numbers)


def _check(fields: Mapping[str, object]) -> Problem | None:
    """The interpreter lies in layers that there are."""
    layers, numbers = fields["layers"], fields["interpreter"]
    assert isinstance(layers, tuple)
    assert isinstance(numbers, tuple)
    inherited = fields["inherited"]
    assert isinstance(inherited, tuple)
    if strange := sorted({name for name, _ in inherited} - _INHERITED):
        return Problem("TB2212", f"{strange[0][:80]!r} is nothing that a base hands down")
    if not numbers or not 0 <= numbers[0] <= numbers[-1] < len(layers):
        return Problem("TB2212", f"the interpreter of {fields['name']} lies in layers that the base does not have")
    return None


_media_type = matching(r"[a-z0-9]+/[A-Za-z0-9.+_-]+", "a media type")
_layer_type = matching(
    r"application/vnd\.(oci\.image\.layer\.v1\.tar(\+gzip|\+zstd)?"
    r"|docker\.image\.rootfs\.diff\.tar(\.gzip|\.zstd)?)",
    "the media type of a layer",
)
_DESCRIPTOR: Final = Shape(
    make=Descriptor, fields={"media_type": _media_type, "digest": read_digest, "size": read_size}
)
BASE: Final = Shape(
    make=LockedBase,
    fields={
        "name": matching(r"oci-layout:[^\x00-\x1f]+|[a-z0-9][a-z0-9._:/-]*", "a repository of a registry"),
        "tag": matching(r"([A-Za-z0-9_][A-Za-z0-9._-]{0,127})?", "a tag"),
        "index": lambda value: None if value is None else read_digest(value),
        "manifest": _DESCRIPTOR,
        "config": _DESCRIPTOR,
        "layers": (
            Shape(
                make=LockedLayer,
                fields={
                    "media_type": _layer_type,
                    "digest": read_digest,
                    "size": read_size,
                    "diff_id": read_digest,
                    "uncompressed_size": read_size,
                },
            ),
        ),
        "system": matching(r"[A-Za-z0-9._-]*", "an ID of os-release"),
        "system_version": matching(r"[A-Za-z0-9._-]*", "a VERSION_ID of os-release"),
        "executable": read_path,
        "interpreter": _numbers,
        "author": read_text,
        "environment": read_pairs,
        "labels": read_pairs,
        "exposed_ports": read_sorted_lines,
        "inherited": read_json_pairs,
        "history": (
            Shape(
                make=BaseHistory,
                fields={
                    "created": read_text,
                    "created_by": read_text,
                    "author": read_text,
                    "comment": read_text,
                    "empty_layer": read_boolean,
                },
            ),
        ),
        "packages": (
            Shape(
                make=InstalledPackage,
                fields={
                    "name": read_deb,
                    "version": read_deb_version,
                    "architecture": read_word,
                    "source": read_deb,
                    "source_version": read_deb_version,
                },
                key=by("name", "architecture"),
            ),
        ),
    },
    check=_check,
)
