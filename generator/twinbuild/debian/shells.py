"""``/etc/shells`` of the shells that packages ship, as update-shells(8) writes it."""

from __future__ import annotations

from typing import Final

from twinbuild.debian.tree import Root

__all__ = ["install_shells"]

_TEMPLATE: Final = "usr/share/debianutils/shells"
_SHIPPED: Final = "usr/share/debianutils/shells.d"


def install_shells(root: Root) -> None:
    """Write the list, and update-shells' own record of it. Each shell also counts under its name below ``/usr``."""
    lines = root.read(_TEMPLATE).decode().splitlines()
    shells = [line for line in lines if line.startswith("/")]
    for name in root.names(_SHIPPED):
        shells += root.read(f"{_SHIPPED}/{name}").decode().split()
    shells = list(dict.fromkeys(shells))
    real = {shell: _below_usr(root, shell) for shell in shells}
    merged = [real[shell] for shell in shells if real[shell] != shell]
    text = [*(line for line in lines if not line.startswith("/")), *dict.fromkeys((*shells, *merged))]
    root.write("etc/shells", "".join(f"{line}\n" for line in text).encode())
    record = dict.fromkeys(name for shell in shells for name in (shell, real[shell]))
    root.write("var/lib/shells.state", "".join(f"{line}\n" for line in record).encode())


def _below_usr(root: Root, shell: str) -> str:
    """Its name when the links of its directories, not its own, are followed."""
    place = root.place(shell)
    return shell if place is None else f"/{place}"
