"""Checked paths of a spec: below the spec's directory, or absolute in the image and out of the system's way.

Every type refuses what would leave its root, or could be read in two ways.
"""

from __future__ import annotations

import re
from typing import Annotated, Final

from pydantic import AfterValidator, Field

from twinbuild.model.spec.values import objection

__all__ = ["AbsoluteFile", "AbsolutePath", "AbsolutePlace", "Confined", "owned_place", "refuse_path"]


def refuse_path(text: str) -> str:
    """Why ``text`` is no relative path within its directory; "" if it is one."""
    if not text or text.startswith("/"):
        return "is empty" if not text else "is absolute"
    if "\\" in text or "\0" in text or "\n" in text or re.match(r"[A-Za-z]:", text):
        return "has a backslash, a drive or a control character"
    parts = text.split("/")
    if ".." in parts:
        return "leaves its directory with '..'"
    if any(part in ("", ".") for part in parts) and text != ".":
        return "is not normal (an empty part or '.')"
    if text.startswith(("-", "~")):
        return f"begins with {text[0]!r}, which programs take for something else"
    if len(text.encode()) > 1024 or any(len(part.encode()) > 255 for part in parts):
        return "is longer than file systems allow"
    return ""


def _check_confined(text: str) -> str:
    reason = refuse_path(text)
    if reason:
        raise objection("TB1108", f"path {text[:120]!r} {reason}", "give a path below the directory of the spec")
    return text


_LINKS: Final = {  # of every Debian since usr-is-merged(7), and hier(7)
    **{f"/{name}": f"/usr/{name}" for name in ("bin", "sbin", "lib", "lib32", "lib64", "libo32", "libx32")},
    "/var/run": "/run",
    "/var/lock": "/run/lock",
}
_SYSTEM: Final = frozenset({"boot", "etc", "home", "media", "mnt", "opt", "root", "run", "srv", "tmp", "usr", "var"})


_OWNED: Final = (
    *(f"/usr/{name}" for name in ("bin", "sbin", "lib", "lib32", "lib64", "libexec")),
    *(f"/etc/{name}" for name in ("passwd", "group", "shadow", "gshadow", "twinbuild")),
    *("/opt/venv", "/var/lib/dpkg"),
)


def owned_place(path: str) -> str | None:
    """What an absolute path in the image is or lies below that belongs to packages or to twinbuild, if anything."""
    return next((each for each in _OWNED if f"{path}/".startswith(f"{each}/")), None)


def _check_place(text: str) -> str:
    _check_absolute(text)
    owned = owned_place(text)
    if owned is not None:
        raise objection(
            "TB1108",
            f"path {text[:120]!r} lies in {owned}, which belongs to packages or to twinbuild",
            "choose another one, such as /models/NAME or /app",
        )
    return text


def _check_file(text: str) -> str:
    _check_place(text)
    if text[1:] in _SYSTEM:
        raise objection("TB1108", f"a file at {text!r} would take the place of a directory", f"write {text}/NAME")
    return text


def _check_absolute(text: str) -> str:
    reason = "is not absolute" if not text.startswith("/") else refuse_path(text[1:])
    if reason:
        raise objection("TB1108", f"path {text[:120]!r} {reason}", "give an absolute, normal path in the image")
    first = text.split("/")[1]
    if first in ("proc", "sys", "dev"):
        raise objection("TB1108", f"path {text[:120]!r} lies in /{first}, which the kernel owns", "choose another one")
    link = next((link for link in _LINKS if f"{text}/".startswith(f"{link}/")), None)
    if link is not None:
        # A layer that has a directory there takes the link's place, and the image loses what the link leads to.
        raise objection(
            "TB1108",
            f"path {text[:120]!r} goes through {link}, which is a link in the image",
            f"write {_LINKS[link]}{text.removeprefix(link)}",
        )
    return text


Confined = Annotated[str, AfterValidator(_check_confined)]
"""A path relative to the directory of the spec, which it cannot leave."""

AbsolutePath = Annotated[str, AfterValidator(_check_absolute), Field(json_schema_extra={"pattern": "^/[^\\\\]+$"})]
"""An absolute path in the image."""

AbsolutePlace = Annotated[str, AfterValidator(_check_place), Field(json_schema_extra={"pattern": "^/[^\\\\]+$"})]
"""An absolute path in the image where nothing of packages or of twinbuild lies."""

AbsoluteFile = Annotated[str, AfterValidator(_check_file), Field(json_schema_extra={"pattern": "^/[^\\\\]+$"})]
"""An absolute path of a file in the image."""
