"""``/etc/pam.d/common-*`` of the profiles that packages ship, as ``pam-auth-update --package --force`` writes them."""

from __future__ import annotations

import re
from typing import Final

from twinbuild.debian.tree import Root

__all__ = ["install_pam"]

_PROFILES: Final = "usr/share/pam-configs"
_TYPES: Final = ("auth", "account", "password", "session", "session-noninteractive")
_FIELD: Final = re.compile(r"(\S+):\s+(.*?)\s*")
_BARE: Final = re.compile(r"(\S+):\s*")
_JUMP: Final = re.compile(r"\b(\w+)=end\b")
_MODULE: Final = re.compile(r"((?:\[[^]]*\]|\S+)\s+\S+)\s*(.*)")
_NO_PRIMARY: Final = "[default=1]\t\t\tpam_permit.so"

_Profile = dict[str, str]


def install_pam(root: Root) -> None:
    """Write the common files, and the record of the enabled profiles below ``var/lib/pam``."""
    profiles = {
        name: _parsed(root.read(f"{_PROFILES}/{name}").decode())
        for name in root.names(_PROFILES)
        if root.file(f"{_PROFILES}/{name}")
    }
    order = sorted(profiles, key=lambda name: (-int(profiles[name].get("Priority") or 0), name))
    enabled = [name for name in order if profiles[name].get("Default") == "yes"]
    for kind in _TYPES:
        template = f"usr/share/pam/common-{kind}"
        if root.file(template) is None:
            continue
        primary = _block(profiles, enabled, kind, "Primary") or [("null", _NO_PRIMARY)]
        additional = _block(profiles, enabled, kind, "Additional")
        label = kind.partition("-")[0]
        text = root.read(template).decode()
        text = _filled(text, f"${label}_primary", _lines(primary, label, jump=True))
        text = _filled(text, f"${label}_nonint_primary", _lines(primary, label, jump=True))
        text = _filled(text, f"${label}_additional", _lines(additional, label, jump=False))
        text = _filled(text, f"${label}_nonint_additional", _lines(additional, label, jump=False))
        root.write(f"etc/pam.d/common-{kind}", text.encode())
        saved = "".join(f"Module: {name}\n{body}\n" for name, body in (*primary, *additional))
        root.write(f"var/lib/pam/{kind}", saved.encode())
    root.write("var/lib/pam/seen", "".join(f"{name}\n" for name in order).encode())


def _parsed(text: str) -> _Profile:
    """A profile's fields; continuation lines follow after a newline, without blanks around them."""
    profile: _Profile = {}
    field = ""
    for line in text.splitlines():
        match = _FIELD.fullmatch(line) or _BARE.fullmatch(line)
        if match:
            field = match[1].removesuffix("-Final")
            profile[field] = match[2] if match.re is _FIELD else ""
        elif field and line.strip():
            profile[field] = f"{profile[field]}\n{line.strip()}".lstrip()
    if "Session-Interactive-Only" not in profile:
        for suffix in ("", "-Type", "-Initial"):
            if f"Session{suffix}" in profile:
                profile[f"Session-noninteractive{suffix}"] = profile[f"Session{suffix}"]
    return profile


def _block(profiles: dict[str, _Profile], enabled: list[str], kind: str, block: str) -> list[tuple[str, str]]:
    """Name and lines of the profiles with a part in a block; the first has its ``-Initial`` lines."""
    field = kind.capitalize()
    found: list[tuple[str, str]] = []
    position = 0
    for name in enabled:
        profile = profiles[name]
        if profile.get(f"{field}-Type") != block:
            continue
        body = profile.get(f"{field}-Initial") if position == 0 else None
        position += 1
        body = body or profile.get(field, "")
        if body:
            found.append((name, body))
    return found


def _lines(block: list[tuple[str, str]], label: str, *, jump: bool) -> str:
    """The block's lines; ``end`` becomes the number of lines to the block's last one, plus one."""
    lines = [line for _, body in block for line in body.split("\n")]
    text = []
    for position, line in enumerate(lines):
        if line != _NO_PRIMARY and (match := _MODULE.fullmatch(line)):
            line = f"{match[1]} {match[2]}"  # noqa: PLW2901  with its blank even where there are no options
        text.append(f"{label}\t" + (_JUMP.sub(rf"\g<1>={len(lines) - position}", line) if jump else line))
    return "\n".join(text)


def _filled(template: str, mark: str, lines: str) -> str:
    """The template with its line ``mark`` replaced."""
    output = []
    for line in template.splitlines():
        if line == mark:
            output += [lines] if lines else []
        else:
            output.append(line)
    return "\n".join(output) + "\n"
