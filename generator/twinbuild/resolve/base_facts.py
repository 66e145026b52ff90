"""What the later stages need to know of a base image, found in its files: system, C library, Python, packages.

Nothing of the image runs: the versions of Python and of the C library are texts in their binaries.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from twinbuild.codec.dynamic import MACHINES, read_dynamic
from twinbuild.debian.control import Stanza, parse_stanzas
from twinbuild.debian.installed import INSTALLED, STATUS, installed_packages
from twinbuild.debian.packages import Package
from twinbuild.errors import IntegrityError, LockError
from twinbuild.model.lock import InstalledPackage
from twinbuild.model.plan import BaseLayer
from twinbuild.model.platform import Platform
from twinbuild.oci.interpreter import foundation_layers, interpreter_layers, library_directories
from twinbuild.oci.stack import OpenBlob, Stack, read_files
from twinbuild.resolve.base_apt import SystemArchive, read_system_archive

__all__ = ["BaseFacts", "find_facts", "installed_stanzas", "status_files"]

_PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_DOCUMENT: Final = 64 << 20
_BINARY: Final = 256 << 20
_FRAGMENTS: Final = "var/lib/dpkg/status.d"  # of images without dpkg (distroless): a file for each package
_SOURCE: Final = re.compile(r"(\S+)(?: \((\S+)\))?")
_GLIBC: Final = re.compile(rb"GNU C Library \([^)]*\) \w+ release version ([0-9]+\.[0-9]+)")
_FIELD: Final = re.compile(r"([A-Z_]+)=(?:\"([^\"]*)\"|'([^']*)'|(\S*))")
_PLAIN: Final = re.compile(r"[A-Za-z0-9._-]*", re.ASCII)
_PACKAGE: Final = re.compile(r"[a-z0-9][a-z0-9+.-]*", re.ASCII)
_VERSION: Final = re.compile(r"[0-9A-Za-z.+:~-]+", re.ASCII)
_WORD: Final = re.compile(r"[a-z0-9][a-z0-9-]*", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseFacts:
    """``system`` and ``system_version`` are of os-release, "" where there is none."""

    system: str
    system_version: str
    glibc: str  # 2.36
    python: str  # 3.12.3; "" where the base has none, and packages may bring it
    executable: str  # usr/local/bin/python3.12
    interpreter: tuple[int, ...]  # numbers of the layers that hold what it needs, sorted
    packages: tuple[InstalledPackage, ...]
    installed: tuple[Package, ...]  # the same as packages to depend on, where some may be added
    archive: SystemArchive | None = None  # whence they come, where the system isn't Debian itself


def find_facts(
    stack: Stack,
    layers: Sequence[BaseLayer],
    open_blob: OpenBlob,
    *,
    python: str,
    platform: Platform,
    path: str,
    subject: str,
    suite: str = "",
) -> BaseFacts:
    """The facts of an image's tree. ``python`` is the minor version wanted, ``path`` the image's own PATH ("": none).

    With a ``suite``, packages of it may be added to the image: such a one need not have Python itself. Raises LockError
    TB2270 (no such Python), TB2271 (another processor), TB2272 (another C library), TB2280 (no dpkg of that suite),
    IntegrityError TB2101, TB4404.
    """
    executable, others = _executable(stack, python, path or _PATH)
    if not executable and not suite:
        raise _no_python(python, others, subject)
    binary = stack.file(executable) if executable else ""
    assert binary is not None, "it was found as a file"
    executable = executable or f"usr/bin/python{python}"
    libraries = library_directories(stack, platform, executable)
    shared = _first(stack, libraries, (f"libpython{python}.so.1.0",))
    clib = _first(stack, libraries, ("libc.so.6",))
    release = stack.file("etc/os-release") or stack.file("usr/lib/os-release")
    status = status_files(stack)
    binaries = read_files(
        stack, layers, open_blob, [each for each in dict.fromkeys((binary, shared, clib)) if each], limit=_BINARY
    )
    if binary:
        _require_runnable(binaries[binary], platform, executable, subject)
    if not clib or not (found := _GLIBC.search(binaries[clib])):
        raise _other_libc("no C library of GNU's (libc.so.6) was found", subject)
    if not binary:
        _require_processor(binaries[clib], platform, clib, subject)

    def read(path: str) -> bytes:
        return binaries.get(path) or read_files(stack, layers, open_blob, (path,), limit=_BINARY)[path]

    documents = read_files(stack, layers, open_blob, [*status, *([release] if release else [])], limit=_DOCUMENT)
    system, version, codename = _system(documents[release] if release else b"")
    installed: tuple[Package, ...] = ()
    archive = None
    if suite:
        _require_suite(suite, codename, system, subject, dpkg=STATUS in documents)
        text = _decoded(documents[STATUS])
        installed = installed_packages(text, architecture=platform.debian, where=f"{subject}!{STATUS}")
        if system not in {"", "debian"}:
            archive = read_system_archive(stack, layers, open_blob, system=system, subject=subject)
    texts = [binaries[each] for each in (binary, shared) if each]
    return BaseFacts(
        system=system,
        system_version=version,
        glibc=found[1].decode(),
        python=_python_version(texts, python, executable, subject) if binary else "",
        executable=executable,
        interpreter=interpreter_layers(stack, platform, executable, python, read)
        if binary
        else foundation_layers(stack, platform, executable),
        packages=_packages([documents[each] for each in status], subject),
        installed=installed,
        archive=archive,
    )


def _executable(stack: Stack, python: str, path: str) -> tuple[str, tuple[str, ...]]:
    """The interpreter as a shell of the image would find it, and the names of other interpreters that are there.

    A link to the system's own is that one, a Debian package's, wherever the link lies.
    """
    others: set[str] = set()
    for part in path.split(":"):
        directory = stack.follow(part) if part.startswith("/") else None
        if directory is None:
            continue
        others |= {
            f"{directory}/{name}"
            for name in stack.children.get(directory, ())
            if re.fullmatch(r"python3\.[0-9]+", name) and stack.file(f"{directory}/{name}")
        }
        if found := stack.file(f"{directory}/python{python}"):
            return found if found == f"usr/bin/python{python}" else f"{directory}/python{python}", ()
    return "", tuple(sorted(others))


def _no_python(python: str, others: tuple[str, ...], subject: str) -> LockError:
    have = ", ".join(f"/{each}" for each in others) or "no Python 3"
    hint = (
        f"name a base that has Python {python}, such as an image of Python's own, or the suite to install it from "
        "(base.debian)"
    )
    if others:
        minor = others[-1].rpartition("python")[2]
        hint = f'write `python: "{minor}"` in the spec, or name a base that has Python {python}'
    return LockError.of(
        "TB2270", f"the base has no Python {python} on its PATH; it has {have}", hint=hint, where=subject
    )


def _first(stack: Stack, directories: Sequence[str], names: tuple[str, ...]) -> str:
    return next((file for each in directories for name in names if (file := stack.file(f"{each}/{name}"))), "")


def _require_runnable(content: bytes, platform: Platform, executable: str, subject: str) -> None:
    elf = read_dynamic(io.BytesIO(content))
    if elf is None:
        message = f"/{executable} is no program that a 64-bit Linux links, but perhaps a script"
        raise LockError.of("TB2270", message, hint="name a base whose Python is an executable file", where=subject)
    _require_processor(content, platform, executable, subject)
    if elf.loader.lstrip("/") != platform.loader:
        raise _other_libc(f"/{executable} asks for the loader {elf.loader[:200] or 'of no library'!r}", subject)


def _require_processor(content: bytes, platform: Platform, path: str, subject: str) -> None:
    elf = read_dynamic(io.BytesIO(content))
    if elf is not None and elf.machine != MACHINES[platform.machine]:
        names = {number: name for name, number in MACHINES.items()}
        raise LockError.of(
            "TB2271",
            f"/{path} is for {names.get(elf.machine, f'processor {elf.machine}')}, but the image is said to be "
            f"for {platform}",
            hint="do not use the image; report it to whoever made it",
            where=subject,
        )


def _require_suite(suite: str, codename: str, system: str, subject: str, *, dpkg: bool) -> None:
    if dpkg and codename == suite:
        return
    message = f"the base is of {system or 'an unknown system'} {codename or 'without a code name'}".strip()
    message += f", but packages of {suite} are to be added to it"
    hint = f"name its own suite in base.debian.suite ({codename})"
    if not codename:
        hint = "name a base made of Debian or Ubuntu, whose os-release says which"
    if not dpkg:
        message = "packages are to be added, but the base has no database of dpkg (/var/lib/dpkg/status)"
        hint = "name a base made of Debian or Ubuntu that dpkg still knows, or take base.debian out"
    raise LockError.of("TB2280", message, hint=hint, where=subject)


def _other_libc(what: str, subject: str) -> LockError:
    return LockError.of(
        "TB2272",
        f"the base does not use the GNU C library, for which wheels are chosen: {what}",
        hint="name a base made of Debian, Ubuntu or another system with glibc (an image named `slim`, not `alpine`)",
        where=subject,
    )


def _python_version(binaries: Sequence[bytes], minor: str, executable: str, subject: str) -> str:
    """The full version that the interpreter says of itself: the text is in its binary, or in its library."""
    pattern = re.compile(rb"(?<![0-9.])(" + re.escape(minor).encode() + rb"\.[0-9]{1,3}(?:(?:a|b|rc)[0-9]+)?)\+?\0")
    found: list[str] = sorted({match[1].decode() for content in binaries for match in pattern.finditer(content)})
    if len(found) != 1:
        raise LockError.of(
            "TB2270",
            f"/{executable} does not say which Python {minor} it is: found {', '.join(found) or 'no version'}",
            hint="name a base with a usual build of CPython",
            where=subject,
        )
    return found[0]


def _system(content: bytes) -> tuple[str, str, str]:
    """ID, VERSION_ID and VERSION_CODENAME of os-release(5); "" for what isn't there or has unusual characters."""
    fields: dict[str, str] = {}
    for line in content.decode(errors="replace").splitlines():
        if match := _FIELD.fullmatch(line.strip()):
            fields[match[1]] = match[2] or match[3] or match[4] or ""
    values = (fields.get(name, "") for name in ("ID", "VERSION_ID", "VERSION_CODENAME"))
    system, version, codename = (value if _PLAIN.fullmatch(value) else "" for value in values)
    return system, version, codename


def status_files(stack: Stack) -> list[str]:
    """The paths of the files that tell of installed packages."""
    whole = stack.file(STATUS)
    directory = stack.follow(_FRAGMENTS) or ""
    names = sorted(stack.children.get(directory, ())) if directory == _FRAGMENTS else []
    parts = (stack.file(f"{directory}/{name}") for name in names if not name.endswith(".md5sums"))
    return [each for each in dict.fromkeys((whole, *parts)) if each]


def installed_stanzas(documents: Sequence[bytes], subject: str) -> Iterator[tuple[InstalledPackage, Stanza]]:
    """Every installed package of the files that tell of them, with its stanza; of one told twice the last counts.

    Raises IntegrityError TB2101, TB2103, TB2105.
    """
    for content in documents:
        for stanza in parse_stanzas(_decoded(content).strip("\n") + "\n", where=f"{subject}!{STATUS}"):
            state = stanza.get("status", "install ok installed").split()
            if INSTALLED.intersection(state[-1:]):
                yield _package(stanza, subject), stanza


def _packages(documents: Sequence[bytes], subject: str) -> tuple[InstalledPackage, ...]:
    found = {(package.name, package.architecture): package for package, _ in installed_stanzas(documents, subject)}
    return tuple(found[key] for key in sorted(found))


def _decoded(content: bytes) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError:
        return content.decode("latin-1")


def _package(stanza: Stanza, subject: str) -> InstalledPackage:
    name, version = stanza.get("package", ""), stanza.get("version", "")
    architecture = stanza.get("architecture", "all")
    source, source_version = name, version
    if match := _SOURCE.fullmatch(stanza.get("source", "")):
        source, source_version = match[1], match[2] or version
    words = ((_PACKAGE, name), (_VERSION, version), (_WORD, architecture), (_PACKAGE, source))
    if not all(pattern.fullmatch(word) for pattern, word in (*words, (_VERSION, source_version))):
        raise IntegrityError.of(
            "TB2101",
            f"the package {name[:80]!r} {version[:80]!r} of the base's dpkg status is not named as a package must be",
            hint="do not use the image; report it to whoever made it",
            where=subject,
        )
    return InstalledPackage(
        name=name, version=version, architecture=architecture, source=source, source_version=source_version
    )
