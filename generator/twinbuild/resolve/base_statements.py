"""What a base image says of the packages in it: who maintains each, and under which licence it is.

dpkg's status names the maintainer. The copyright file (Debian Policy, 12.5) lies in the layers, also in images whose
other documentation was left out; links that lead from one package's to another's are followed within the image. The
lock pins the layers by digest, so that all of this follows from the lock. The record is a cache.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from twinbuild.codec.canonical import canonical, digest_of
from twinbuild.debian.copyright import DOCUMENTATION, LARGEST_COPYRIGHT, copyright_licences
from twinbuild.debian.maintainer import maintainer_address, maintainer_name
from twinbuild.errors import IntegrityError
from twinbuild.model.digest import Digest
from twinbuild.model.inspection import InstalledStatement
from twinbuild.model.lock import Licensing, LockedBase
from twinbuild.oci.foreign import base_layer
from twinbuild.oci.stack import Stack, read_bodies, read_stack
from twinbuild.ports import Store
from twinbuild.resolve.base_facts import installed_stanzas, status_files

__all__ = ["base_statements"]

_KIND: Final = "base-statements"
_RULES: Final = 1  # raised when the rules change, so that what was found by older ones is looked for again
_ALL: Final = 64 << 20  # bytes of all copyright files together; those of a small system have one million
_LICENCES: Final = 1000  # of one file; one with more counts as prose, whose text is to be seen
_COPYRIGHT: Final = re.compile(re.escape(DOCUMENTATION) + r"/[a-z0-9][a-z0-9+.-]*/copyright", re.ASCII)


def base_statements(base: LockedBase, store: Store) -> tuple[InstalledStatement, ...]:
    """The statement of each package of which anything is said, sorted by name and architecture.

    Of a copyright file above 8 MiB, and of those beyond 64 MiB in all, nothing is claimed, nor of one that lies
    elsewhere than such files do. Raises LockError TB3102 where the store lacks a layer, else as ``read_stack``.
    """
    key = digest_of({"base": base.manifest.digest, "rules": _RULES})
    if (known := _known(store.record(_KIND, key))) is not None:
        return known
    found = _read(base, store)
    store.put_record(_KIND, key, canonical([_plain(each) for each in found]))
    return found


def _read(base: LockedBase, store: Store) -> tuple[InstalledStatement, ...]:
    layers = tuple(map(base_layer, base.layers))
    stack, _ = read_stack(layers, store.open)
    places = _places(stack, sorted({package.name for package in base.packages}))
    status: dict[str, bytes] = dict.fromkeys(status_files(stack), b"")
    texts: dict[str, tuple[Digest, tuple[str, ...], tuple[str, ...]]] = {}
    copyrights = {*places.values()}  # of which a link may have made one the status, too
    for paths, _, body in read_bodies(stack, layers, store.open, {*status, *copyrights}):
        content = body.read()
        status |= dict.fromkeys(status.keys() & set(paths), content)
        if wanted := set(paths) & copyrights:
            texts |= dict.fromkeys(wanted, (Digest.of(content), *_licences(content)))
    maintainers = {
        (package.name, package.architecture): stanza.get("maintainer", "")
        for package, stanza in installed_stanzas([*status.values()], base.reference)
    }
    found = []
    for package in base.packages:
        maintainer = maintainers.get((package.name, package.architecture), "")
        name, path = maintainer_name(maintainer), places.get(package.name, "")
        if name or path:
            notice, expressions, names = texts[path] if path else (None, (), ())
            licensing = Licensing(
                filename=package.name,
                sha256=base.manifest.digest,
                expressions=expressions,
                names=names,
                files=(path,) if path else (),
                notice=notice,
                authors=(name,) if name else (),
            )
            found.append(
                InstalledStatement(
                    name=package.name,
                    architecture=package.architecture,
                    contact=maintainer_address(maintainer),
                    licensing=licensing,
                )
            )
    return tuple(found)


def _licences(content: bytes) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Expressions and names; neither for a file that would make a bill of nothing else."""
    expressions, names = copyright_licences(content)
    return (expressions, names) if len(expressions) + len(names) <= _LICENCES else ((), ())


def _places(stack: Stack, packages: list[str]) -> Mapping[str, str]:
    """The copyright file of each package that has one, as far as they are read."""
    left = _ALL
    found: dict[str, str] = {}
    counted: set[str] = set()
    for name in packages:
        path = stack.file(f"{DOCUMENTATION}/{name}/copyright")
        if path is None or not _COPYRIGHT.fullmatch(path):
            continue
        size = 0 if path in counted else stack.places[path].size
        if size <= min(LARGEST_COPYRIGHT, left):
            left -= size
            counted.add(path)
            found[name] = path
    return found


def _plain(each: InstalledStatement) -> dict[str, Any]:
    said = each.licensing
    return {
        "name": each.name,
        "architecture": each.architecture,
        "contact": each.contact,
        "sha256": said.sha256,
        "expressions": list(said.expressions),
        "names": list(said.names),
        "files": list(said.files),
        "notice": said.notice,
        "authors": list(said.authors),
    }


def _known(record: bytes | None) -> tuple[InstalledStatement, ...] | None:
    """What a record says; None for one that is not well-formed, as for none."""
    if record is None:
        return None
    try:
        return tuple(_stated(each) for each in json.loads(record))
    except (ValueError, TypeError, KeyError, AttributeError, IntegrityError):
        return None


def _stated(value: dict[str, Any]) -> InstalledStatement:
    expressions, names, files, authors = (tuple(value[key]) for key in ("expressions", "names", "files", "authors"))
    return InstalledStatement(
        name=value["name"],
        architecture=value["architecture"],
        contact=value["contact"],
        licensing=Licensing(
            filename=value["name"],
            sha256=Digest.parse(value["sha256"]),
            expressions=expressions,
            names=names,
            files=files,
            notice=None if value["notice"] is None else Digest.parse(value["notice"]),
            authors=authors,
        ),
    )
