"""Alternatives (update-alternatives(1)): generic names, the links of the best choice, and dpkg's record of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from twinbuild.debian.effects import Alternative, Follower
from twinbuild.debian.tree import Root
from twinbuild.errors import BuildError
from twinbuild.model.tree import Symlink

__all__ = ["install_alternatives"]

_RECORDS: Final = "var/lib/dpkg/alternatives"
_AUTO, _MANUAL = "auto", "manual"


def install_alternatives(root: Root, choices: Iterable[Alternative]) -> None:
    """Make the links of the best choice for every name, and the files below ``var/lib/dpkg/alternatives``.

    The best is the highest priority, and of equals the path that sorts first, so that the order of packages does not
    matter; a name that somebody chose by hand keeps its choice. A choice whose path is not in the tree is none; those
    that the tree has on record count too. Raises BuildError TB4215 if two packages state different links for one name,
    or a record cannot be read.
    """
    groups: dict[str, list[Alternative]] = {}
    for choice in choices:
        if root.exists(choice.path):
            groups.setdefault(choice.name, []).append(choice)
    for name in sorted(groups):
        status, known = _recorded(root, name)
        stated = {choice.path for choice in groups[name]}
        found = [*groups[name], *(each for each in known if each.path not in stated and root.exists(each.path))]
        _install(root, name, status, sorted(found, key=lambda choice: choice.path))


def _recorded(root: Root, name: str) -> tuple[str, list[Alternative]]:
    """Status and choices of a name's record: status, link, labels with links, an empty line; then the choices."""
    if root.file(f"{_RECORDS}/{name}") is None:
        return _AUTO, []
    lines = root.read(f"{_RECORDS}/{name}").decode("utf-8", "surrogateescape").split("\n")
    try:
        status, link = lines[:2]
        end = lines.index("", 2)
        labels = list(zip(lines[2:end:2], lines[3:end:2], strict=True))
        choices = []
        at = end + 1
        while lines[at]:
            paths = lines[at + 2 : at + 2 + len(labels)]
            followers = tuple(
                Follower(name=label, link=where, path=path)
                for (label, where), path in zip(labels, paths, strict=True)
                if path
            )
            choice = Alternative(name=name, link=link, path=lines[at], priority=int(lines[at + 1]), followers=followers)
            choices.append(choice)
            at += 2 + len(labels)
    except (ValueError, IndexError) as error:
        raise BuildError.of(
            "TB4215",
            f"the base's record of the alternative {name!r} cannot be read",
            hint="look at /var/lib/dpkg/alternatives of the base, or leave out the package that adds to it",
        ) from error
    return (_MANUAL if status == _MANUAL else _AUTO), choices


def _install(root: Root, name: str, status: str, choices: list[Alternative]) -> None:
    links: dict[str, str] = {name: choices[0].link}
    for choice in choices:
        for label, link in ((name, choice.link), *((item.name, item.link) for item in choice.followers)):
            if links.setdefault(label, link) != link:
                raise BuildError.of(
                    "TB4215",
                    f"alternative {label!r} has two links, {links[label]} and {link}",
                    hint="leave out one of the packages that provide it",
                )
    best = max(choices, key=lambda choice: choice.priority)  # the first of equals
    if status == _AUTO:
        _link(root, name, best.link, best.path)
        for item in best.followers:
            if root.exists(item.path):
                _link(root, item.name, item.link, item.path)
    followers = sorted(links.keys() - {name})
    lines = [status, links[name]]
    for label in followers:
        lines += [label, links[label]]
    lines.append("")
    for choice in choices:
        paths = {item.name: item.path for item in choice.followers}
        lines += [choice.path, str(choice.priority), *(paths.get(label, "") for label in followers)]
    lines.append("")
    root.write(f"{_RECORDS}/{name}", "".join(f"{line}\n" for line in lines).encode())


def _link(root: Root, name: str, link: str, path: str) -> None:
    root.link(f"etc/alternatives/{name}", path)
    if root.get(link) is None or isinstance(root.get(link), Symlink):  # somebody's file is "not replaced with a link"
        root.link(link, f"/etc/alternatives/{name}")
