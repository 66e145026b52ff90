"""Alternatives (update-alternatives(1)): generic names, the links of the best choice, and dpkg's record of them."""

from __future__ import annotations

from collections.abc import Iterable

from twinbuild.debian.effects import Alternative
from twinbuild.debian.tree import Root
from twinbuild.errors import BuildError

__all__ = ["install_alternatives"]


def install_alternatives(root: Root, choices: Iterable[Alternative]) -> None:
    """Make the links of the best choice for every name, and the files below ``var/lib/dpkg/alternatives``.

    The best is the highest priority, and of equals the path that sorts first, so that the order of packages does not
    matter. A choice whose path is not in the tree is none. Raises BuildError TB4215 if two packages state different
    links for one name.
    """
    groups: dict[str, list[Alternative]] = {}
    for choice in choices:
        if root.exists(choice.path):
            groups.setdefault(choice.name, []).append(choice)
    for name in sorted(groups):
        _install(root, name, sorted(groups[name], key=lambda choice: choice.path))


def _install(root: Root, name: str, choices: list[Alternative]) -> None:
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
    _link(root, name, best.link, best.path)
    for item in best.followers:
        if root.exists(item.path):
            _link(root, item.name, item.link, item.path)
    followers = sorted(links.keys() - {name})
    lines = ["auto", links[name]]
    for label in followers:
        lines += [label, links[label]]
    lines.append("")
    for choice in choices:
        paths = {item.name: item.path for item in choice.followers}
        lines += [choice.path, str(choice.priority), *(paths.get(label, "") for label in followers)]
    lines.append("")
    root.write(f"var/lib/dpkg/alternatives/{name}", "".join(f"{line}\n" for line in lines).encode())


def _link(root: Root, name: str, link: str, path: str) -> None:
    root.link(f"etc/alternatives/{name}", path)
    root.link(link, f"/etc/alternatives/{name}")
