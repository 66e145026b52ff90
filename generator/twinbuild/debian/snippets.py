"""Scripts that are made of known lines only: what debhelper adds to most packages.

A line is *inert* if it does nothing on a fresh tree in which no init system runs: it enables, starts or restarts
services, tidies up after an old version (dpkg-maintscript-helper(1)), rebuilds menus, or compiles Python that the
assembler compiles itself. A script of inert lines and plain ``update-alternatives --install`` is understood line by
line; one other line, and the whole script counts as unknown.
"""

from __future__ import annotations

import re
from typing import Final

from twinbuild.debian.effects import Alternative, Effect, Follower

__all__ = ["understood"]

_WORD: Final = r"[A-Za-z0-9@%+=:,./_~\\-]+"
_NAME: Final = rf"(?:'{_WORD}'|\"{_WORD}\"|{_WORD})"
_QUIET: Final = r"(?: >/dev/null)?(?: 2>&1)?(?: \|\| (?:true|exit 1|exit \$\?))?"
_TEST: Final = (
    r'(?:\[ "\$1" = "?(?:configure|install|abort-upgrade|abort-deconfigure|abort-remove)"? \]|\[ -n "\$2" \]|'
    r'\[ -z "\$2" \]|'
    rf'\[ -[defx] "?{_WORD}"? \]|\[ -d /run/systemd/system \]|\[ -z "\$\{{DPKG_ROOT:-\}}" \]|'
    r'\[ -x "(?:\$DPKG_ROOT)?`command -v update-menus`" \]|\[ -x "\$\(command -v systemd-tmpfiles\)" \]|'
    rf"deb-systemd-helper (?:--quiet |--user )*(?:was-enabled|debian-installed) {_NAME}|"
    r'command -v [a-z0-9-]+ ?>/dev/null(?: 2>&1)?|\[ "\$\(uname -s\)" = "Linux" \])'
)
_CONFIGURING: Final = (
    r'if \[ "\$1" = "?configure"? \](?: \|\| \[ "\$1" = "?abort-(?:upgrade|deconfigure|remove)"? \])* ?; then'
)
_HAPPENS: Final = re.compile(rf'{_CONFIGURING}|if \[ "\$\(uname -s\)" = "Linux" \] ?; then')
_OPENS: Final = re.compile(rf"if {_TEST}(?: (?:\|\||&&) {_TEST})* ?; then")
_TIDYING: Final = "(?:rm_conffile|mv_conffile|symlink_to_dir|dir_to_symlink)"
_INERT: Final = re.compile(
    "|".join(
        (
            r"set -e",
            r"exit 0",
            r"update-menus",
            rf"dpkg-maintscript-helper {_TIDYING}(?: {_NAME})+ -- \"\$@\"",
            rf"deb-systemd-helper (?:--user )?(?:unmask|enable|update-state) {_NAME}{_QUIET}",
            rf"systemctl --(?:system|global) daemon-reload{_QUIET}",
            r"_dh_action=(?:re)?start",
            rf"deb-systemd-invoke (?:--user )?(?:\$_dh_action|start|restart|try-restart)(?: {_NAME})+{_QUIET}",
            rf"update-rc\.d {_NAME} (?:defaults|defaults-disabled){_QUIET}",
            rf"invoke-rc\.d (?:--skip-systemd-native )?{_NAME} (?:\$_dh_action|start|restart){_QUIET}",
            rf'chmod \+x "/etc/init\.d/{_WORD}"{_QUIET}',
            rf"(?:py3compile|pypy3compile) -p {_NAME}(?: {_NAME})*{_QUIET}",
            rf"update-icon-caches(?: {_NAME})+",
        )
    )
)
_INSTALL: Final = re.compile(
    rf"update-alternatives --install ({_WORD}) ({_WORD}) ({_WORD}) ([0-9]{{1,9}})"
    rf"((?: --slave {_WORD} {_WORD} {_WORD})*)(?: \|\| true)?"
)


def understood(text: str) -> tuple[Effect, ...] | None:
    """The effects of a script that consists of known lines, or None.

    Alternatives count where they are surely installed: outside of conditions, or inside of one that asks whether the
    package is being configured.
    """
    effects: list[Effect] = []
    happens = [True]
    lines = [" ".join(line.split()) for line in text.replace("\\\n", " ").splitlines()]
    for line in lines:
        if not line or line.startswith("#"):
            continue
        if _OPENS.fullmatch(line):
            happens.append(happens[-1] and _HAPPENS.fullmatch(line) is not None)
        elif line == "else" and len(happens) > 1:
            happens[-1] = False
        elif line == "fi" and len(happens) > 1:
            happens.pop()
        elif match := _INSTALL.fullmatch(line):
            if not happens[-1]:
                return None
            effects.append(_alternative(match))
        elif not _INERT.fullmatch(line):
            return None
    return tuple(effects) if len(happens) == 1 else None


def _alternative(match: re.Match[str]) -> Alternative:
    words = match[5].split()
    followers = (Follower(link=words[at + 1], name=words[at + 2], path=words[at + 3]) for at in range(0, len(words), 4))
    return Alternative(link=match[1], name=match[2], path=match[3], priority=int(match[4]), followers=tuple(followers))
