"""Whose the Python of an image is: a Debian package's, or the base image's own."""

from __future__ import annotations

from twinbuild.model.lock import Target

__all__ = ["has_packaged_python"]


def has_packaged_python(target: Target) -> bool:
    """Whether a Debian package, of the base or added to it, has the interpreter.

    Packages install below /usr and never below /usr/local (Debian Policy, 9.1.2), so both are asked: where it lies, and
    whether there is a package of that name.
    """
    if target.base is None:
        return True
    names = {each.name for each in target.base.packages} | {each.name for each in target.debs}
    minor = target.python.minor
    return target.base.executable == f"usr/bin/python{minor}" and not names.isdisjoint(
        {f"python{minor}", f"python{minor}-minimal"}
    )
