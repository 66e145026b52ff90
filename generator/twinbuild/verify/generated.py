"""Files that no package ships: what makes each of them, by rule.

A rule explains a file by what can be seen in the image: byte code by its source, what a maintainer script leaves by the
very script (its digest is known, and what it does), a link by what it names, a document of ours by its name and layer.
No rule explains whatever lies in a directory.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from twinbuild.codec.untar import Kind
from twinbuild.debian.effects import (
    AddGroup,
    AddUser,
    Alternative,
    Copy,
    Effect,
    Link,
    Migrate,
    Perform,
    Step,
    Write,
)
from twinbuild.debian.effects.apply import placed
from twinbuild.debian.scripts import KnownScript, Script, fingerprint, judge
from twinbuild.debian.system import HOSTS
from twinbuild.model.digest import Digest
from twinbuild.model.platform import Platform
from twinbuild.verify.installed import ImageFiles, Installed

__all__ = ["STEP", "Made", "Witness", "generated"]

STEP: Final = "step "  # begins the title of a layer that a build step made
_ADMIN: Final = "var/lib/dpkg"
_DATABASE: Final = frozenset(
    f"{_ADMIN}/{name}"
    for name in (
        *("arch", "available", "diversions", "info/format", "lock", "lock-frontend", "statoverride", "status"),
        *("triggers/File", "triggers/Lock", "triggers/Unincorp"),
    )
)
_ACCOUNTS: Final = tuple(
    f"etc/{name}{old}" for name in ("passwd", "group", "shadow", "gshadow", "subuid", "subgid") for old in ("", "-")
)
_PAM: Final = ("account", "auth", "password", "session", "session-noninteractive")
_STEPS: Final[Mapping[Step, tuple[str, ...]]] = {
    Step.SHELLS: ("etc/shells", "var/lib/shells.state"),
    Step.PAM: (*(f"etc/pam.d/common-{name}" for name in _PAM), *(f"var/lib/pam/{name}" for name in (*_PAM, "seen"))),
    Step.SHADOW: ("etc/shadow", "etc/gshadow"),
    Step.LIBRARIES: ("etc/ld.so.cache",),
}
_DOCUMENTS: Final = frozenset(
    f"etc/twinbuild/{name}"
    for name in (
        *("accelerators.py", "configuration.json", "configured.py", "contents.cdx.json", "knobs.py", "preflight.py"),
        *("release.json", "requirements.json"),
    )
)
_MERGED: Final = ("bin", "lib", "lib32", "lib64", "libo32", "libx32", "sbin")
_VENV: Final = re.compile(r"opt/venv/(pyvenv\.cfg|lib64|bin/python(3(\.[0-9]+)?)?)", re.ASCII)
_BYTECODE: Final = re.compile(
    r"(?P<above>.*/)__pycache__/(?P<name>[^/]+)\.cpython-[0-9]+(\.opt-[12])?\.pyc", re.ASCII | re.DOTALL
)
_TRIGGER: Final = re.compile(r"interest(-await|-noawait)?\s+(\S+)", re.ASCII)
_CERTIFICATE: Final = re.compile(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)
_NAME_HASH: Final = re.compile(r"[0-9a-f]{8}\.[0-9]+", re.ASCII)
_SHIPPED: Final = "usr/share/ca-certificates"
_CHOSEN: Final = "etc/ca-certificates.conf"
_BUNDLE: Final = "etc/ssl/certs/ca-certificates.crt"


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A file, the rule that explains it and the reference of the component whose it is ("" for the image itself)."""

    path: str
    rule: str
    reference: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Witness:
    """What the rules look at: files, owners so far (path to reference), Debian packages and titles of the layers."""

    files: ImageFiles
    owners: Mapping[str, str]
    packages: Sequence[tuple[Installed, str]]
    titles: Sequence[str]
    platform: Platform

    def target(self, path: str) -> str:
        """The text of the symbolic link at a path, or nothing."""
        place = self.files.stack.get(path)
        return place.member.target if place is not None and place.member.kind is Kind.SYMLINK else ""

    def owner(self, path: str) -> str | None:
        """The reference of the component that what a path finally names belongs to."""
        found = self.files.stack.follow(path)
        return self.owners.get(found) if found else None

    def titled(self, path: str) -> str:
        """The title of the layer that has a path."""
        place = self.files.stack.get(path)
        return self.titles[place.layer] if place is not None and place.layer < len(self.titles) else ""


def generated(witness: Witness) -> Iterator[Made]:
    """Every file that a rule explains; of one file the first that is given counts. Paths may be owned, or not there."""
    yield from _by_scripts(witness)
    yield from _by_dpkg(witness)
    yield from _by_us(witness)
    yield from _bytecode(witness)


def _bytecode(witness: Witness) -> Iterator[Made]:
    """Byte code (PEP 3147) of a source that belongs to somebody. Its bytes are what the second build compares."""
    for path in witness.files.sha256:
        match = _BYTECODE.fullmatch(path)
        owner = witness.owners.get(f"{match['above']}{match['name']}.py") if match is not None else None
        if owner is not None:
            yield Made(path=path, rule="byte code of such files", reference=owner)


def _by_us(witness: Witness) -> Iterator[Made]:
    for path in witness.files.paths:
        title = witness.titled(path)
        if path in _DOCUMENTS and title == "release documents":
            yield Made(path=path, rule="documents of the release", reference="")
        elif _VENV.fullmatch(path) and title == "Python environment":
            yield Made(path=path, rule="the virtual environment", reference="")
        elif title.startswith(STEP):
            yield Made(path=path, rule="outputs of build steps", reference="")
    for name in _MERGED:  # usr-is-merged(7)
        if witness.target(name) == f"usr/{name}":
            yield Made(path=name, rule="the assembler", reference="")
    if witness.files.sha256.get("etc/hosts") == Digest.of(HOSTS).hex:
        yield Made(path="etc/hosts", rule="the assembler", reference="")
    for path in _ACCOUNTS if _enrolled(witness) else ():
        yield Made(path=path, rule="accounts", reference="")


def _enrolled(witness: Witness) -> bool:
    """Whether the layer that has the accounts is one of those that enrol the service's user."""
    return witness.titled("etc/passwd") in {"Debian packages", "Debian packages and account", "account"}


def _by_dpkg(witness: Witness) -> Iterator[Made]:
    rule = "database of packages"
    if not witness.packages:
        return
    yield from (Made(path=path, rule=rule, reference="") for path in sorted(_DATABASE))
    for package, reference in witness.packages:
        text = "\n".join(witness.files.text(path) for path in package.own if path.endswith(".triggers"))
        for match in filter(None, map(_TRIGGER.fullmatch, (line.strip() for line in text.splitlines()))):
            if "/" not in match[2]:
                yield Made(path=f"{_ADMIN}/triggers/{match[2]}", rule=rule, reference=reference)


def _by_scripts(witness: Witness) -> Iterator[Made]:
    """What the maintainer scripts that lie in the image are known to do."""
    done: set[Step] = set()
    for package, reference in witness.packages:
        for effect in _effects(witness, package):
            if isinstance(effect, Perform):
                done.add(effect.step)
                paths = _performed(witness, effect.step)
            else:
                paths = _left(witness, effect)
            for path in paths:
                yield Made(path=path, rule="known maintainer scripts", reference=reference)


def _effects(witness: Witness, package: Installed) -> Iterator[Effect]:
    for path in package.own:
        kind = path.rpartition(".")[2]
        if kind not in {"preinst", "postinst"} or path not in witness.files.texts:
            continue
        content = witness.files.texts[path]
        text = content.decode("utf-8", "surrogateescape")
        script = Script(
            package=package.name,
            version=package.version,
            kind=kind,
            sha256=Digest.of(content),
            fingerprint=fingerprint(text, version=package.version),
            text=text,
        )
        verdict = judge(script)
        if isinstance(verdict, KnownScript):
            yield from verdict.effects


def _left(witness: Witness, effect: Effect) -> Iterator[str]:
    """The files of an effect that are there as it leaves them."""
    match effect:
        case Write():
            path = _real(witness, effect.path)
            content = placed(effect.content, witness.platform).encode()
            if witness.files.sha256.get(path) == hashlib.sha256(content).hexdigest():
                yield path
        case Copy():
            path, source = _real(witness, effect.path), _real(witness, effect.source)
            if witness.owner(source) and witness.files.sha256.get(path) == witness.files.sha256.get(source):
                yield path
        case Link() | Migrate():
            path = _real(witness, effect.path)
            if witness.target(path) == placed(effect.target, witness.platform):
                yield path
        case Alternative():
            yield from _alternative(witness, effect)
        case AddUser() | AddGroup():
            yield from _ACCOUNTS
        case _:
            return


def _real(witness: Witness, path: str) -> str:
    return witness.files.real(placed(path, witness.platform))


def _alternative(witness: Witness, effect: Alternative) -> Iterator[str]:
    """The registry, and each link that leads over /etc/alternatives to a file that belongs to somebody."""
    yield f"{_ADMIN}/alternatives/{placed(effect.name, witness.platform)}"
    links = [(effect.name, effect.link), *((each.name, each.link) for each in effect.followers)]
    for name, place in links:
        middle = f"etc/alternatives/{placed(name, witness.platform)}"
        if witness.target(middle) and witness.owner(middle):
            yield middle
            link = _real(witness, place)
            if witness.target(link) == f"/{middle}":
                yield link


def _performed(witness: Witness, step: Step) -> Iterator[str]:
    yield from _STEPS.get(step, ())
    if step is Step.CERTIFICATES:
        yield from _certificates(witness)


def _certificates(witness: Witness) -> Iterator[str]:
    """Links to certificates that belong to somebody; the bundle and the list of them where they have these alone."""
    names = sorted(witness.files.stack.children.get("etc/ssl/certs", ()))
    for name in names:
        path = f"etc/ssl/certs/{name}"
        if witness.target(path) and witness.owner(path) and (name.endswith(".pem") or _NAME_HASH.fullmatch(name)):
            yield path
    shipped = {
        block
        for path, content in witness.files.texts.items()
        if path.startswith(f"{_SHIPPED}/") and path in witness.owners
        for block in _blocks(content)
    }
    found = _blocks(witness.files.texts.get(_BUNDLE, b""))
    if found and found <= shipped:
        yield _BUNDLE
    lines = [line for line in witness.files.text(_CHOSEN).splitlines() if line and line[0] not in "#!"]
    if all(f"{_SHIPPED}/{line}" in witness.owners for line in lines):
        yield _CHOSEN


def _blocks(content: bytes) -> set[str]:
    return {"".join(block.split()) for block in _CERTIFICATE.findall(content.decode("ascii", "replace"))}
