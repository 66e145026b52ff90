"""The resolver environment: pip and pip-tools in exactly the pinned versions, apart from ours and from the host's."""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from twinbuild.errors import EnvironmentFault
from twinbuild.model.digest import Digest
from twinbuild.model.lock import ResolverPin
from twinbuild.model.settings import Settings
from twinbuild.ports import Runner
from twinbuild.resolve.python_index import PythonIndex, index_address, scrub

__all__ = [
    "PythonResolver",
    "download_pip",
    "minimal_environment",
    "pip_digest",
    "prepare_resolver",
    "resolver_lock",
    "resolver_pin",
]

_IDENTITY: Final = "import sys; print(sys.version, sys.base_prefix, sys.platform)"
_ROOM: Final = 32 << 20  # bytes that the environment and pip's own files take
_COMPLETE: Final = "complete"  # written last, inside: a directory without it is not an environment
_PIP = re.compile(r"^pip==\S+ \\\n\s+--hash=sha256:([0-9a-f]{64})", re.MULTILINE)
_PIN = re.compile(r"^(pip|pip-tools)==([0-9A-Za-z.!+]+)", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class PythonResolver:
    """A resolver environment that is ready: its interpreter, its versions, and a directory for pip's cache."""

    python: Path
    pin: ResolverPin
    cache: Path


def resolver_lock() -> bytes:
    """``lockfiles/resolver.txt``: from the installed package, or from the checkout that this module lies in."""
    package = Path(__file__).resolve().parent.parent
    for root in (package, package.parent.parent):
        path = root / "lockfiles" / "resolver.txt"
        if path.is_file():
            return path.read_bytes()
    raise EnvironmentFault.of(
        "TB2044", "this installation lacks lockfiles/resolver.txt", hint="install twinbuild again, from its wheel"
    )


def resolver_pin(lock: bytes) -> ResolverPin:
    """The versions that a resolver lock pins. Raises EnvironmentFault TB2044 if it lacks them."""
    versions = dict(_PIN.findall(lock.decode("utf-8", "replace")))
    if len(versions) != 2:
        raise EnvironmentFault.of(
            "TB2044", "the resolver's lock does not pin pip and pip-tools", hint="install twinbuild again"
        )
    return ResolverPin(pip=versions["pip"], pip_tools=versions["pip-tools"])


def minimal_environment(settings: Settings, *, home: str, temporary: str) -> tuple[tuple[str, str], ...]:
    """What pip may know of this machine: proxies, certificates, a netrc file, a home for a keyring, where to work."""
    environment = {
        "HOME": home,
        "LC_ALL": "C.UTF-8",
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "PIP_CONFIG_FILE": os.devnull,
        "PYTHONHASHSEED": "0",
        "TMPDIR": temporary,
        "TZ": "UTC",
    }
    for scheme, address in settings.proxies:
        environment[f"{scheme}_proxy"] = address
    if settings.no_proxy:
        environment["no_proxy"] = ",".join(settings.no_proxy)
    if settings.netrc:
        environment["NETRC"] = settings.netrc
    return tuple(sorted(environment.items()))


def prepare_resolver(
    *,
    runner: Runner,
    directory: Path,
    interpreter: Path,
    index: PythonIndex,
    settings: Settings,
    home: str,
    lock: bytes | None = None,
) -> PythonResolver:
    """The resolver environment below ``directory``, made if it is not there yet.

    Its name is the digest of the lock and of the interpreter that makes it. Concurrent calls wait for the first; a
    killed one leaves only what the next removes. Raises EnvironmentFault TB2040 (the host's Python cannot make virtual
    environments), TB2041 (pip could not install the pinned versions), TB2044, TB8002 (the disk is full).
    """
    lock = resolver_lock() if lock is None else lock
    pin = resolver_pin(lock)
    environment = minimal_environment(settings, home=home, temporary=tempfile.gettempdir())
    identity = runner.run((str(interpreter), "-I", "-c", _IDENTITY), environment=environment)
    if identity.status != 0:
        raise _no_venv(interpreter, identity.stderr)
    key = hashlib.sha256(hashlib.sha256(lock).digest() + identity.stdout).hexdigest()
    place = directory / key[:32]
    resolver = PythonResolver(python=place / "bin" / "python", pin=pin, cache=directory / "pip")
    if (place / _COMPLETE).is_file():
        return resolver
    directory.mkdir(parents=True, exist_ok=True)
    with _locked(directory / f"{key[:32]}.lock"):
        if (place / _COMPLETE).is_file():
            return resolver
        shutil.rmtree(place, ignore_errors=True)  # of a run that was killed: we hold the lock
        try:
            with tempfile.TemporaryDirectory(prefix="twinbuild-resolver-") as scratch:  # gone even if pip is killed
                environment = minimal_environment(settings, home=home, temporary=scratch)
                _make_environment(runner, interpreter, place, environment)
                (place / "resolver.txt").write_bytes(lock)
                _install(runner, place, index, settings, environment)
            (place / _COMPLETE).touch()
        except BaseException as error:
            shutil.rmtree(place, ignore_errors=True)
            if isinstance(error, EnvironmentFault):
                _refuse_full(place)
            raise
    return resolver


def _make_environment(runner: Runner, interpreter: Path, place: Path, environment: tuple[tuple[str, str], ...]) -> None:
    made = runner.run((str(interpreter), "-I", "-m", "venv", str(place)), environment=environment, timeout=300.0)
    if made.status != 0 or not (place / "bin" / "python").exists():
        raise _no_venv(interpreter, made.stderr + made.stdout)


def _install(
    runner: Runner, place: Path, index: PythonIndex, settings: Settings, environment: tuple[tuple[str, str], ...]
) -> None:
    argv = (str(place / "bin" / "python"), "-I", "-m", "pip", "install", "--requirement", str(place / "resolver.txt"))
    _pip(runner, argv, index, settings, environment)


def pip_digest(lock: bytes) -> Digest:
    """The SHA-256 of the pinned pip's wheel. Raises EnvironmentFault TB2044."""
    match = _PIP.search(lock.decode())
    if match is None:
        raise EnvironmentFault.of("TB2044", "the resolver's lock does not pin pip", hint="install twinbuild again")
    return Digest(match[1])


def download_pip(
    resolver: PythonResolver, *, runner: Runner, directory: Path, index: PythonIndex, settings: Settings, home: str
) -> Path:
    """The pinned pip's wheel, brought to ``directory`` by the pip of a resolver. Raises EnvironmentFault TB2041."""
    wanted = directory / "pip.txt"
    wanted.write_text(f"pip=={resolver.pin.pip} --hash={pip_digest(resolver_lock())}\n", encoding="utf-8")
    argv = (str(resolver.python), "-I", "-m", "pip", "download", "--dest", str(directory), "--requirement", str(wanted))
    _pip(runner, argv, index, settings, minimal_environment(settings, home=home, temporary=str(directory)))
    return directory / f"pip-{resolver.pin.pip}-py3-none-any.whl"


def _pip(
    runner: Runner,
    argv: tuple[str, ...],
    index: PythonIndex,
    settings: Settings,
    environment: tuple[tuple[str, str], ...],
) -> None:
    argv += ("--quiet", "--require-hashes", "--no-deps", "--only-binary=:all:", "--no-input", "--no-cache-dir")
    argv += ("--disable-pip-version-check", f"--timeout={settings.timeout:g}", f"--retries={settings.retries}")
    if settings.certificates:
        argv += (f"--cert={settings.certificates}",)
    # By environment, not by option: an address may carry credentials, and command lines are public on a machine.
    located = tuple(sorted((*environment, ("PIP_INDEX_URL", index_address(index)))))
    done = runner.run(argv, environment=located, timeout=600.0)
    if done.status != 0:
        lines = scrub(done.stderr.decode("utf-8", "replace"), (index,)).strip().splitlines()
        raise EnvironmentFault.of(
            "TB2041",
            f"pip could not install the pinned resolver: {lines[-1][:300] if lines else 'no reason given'}",
            hint=f"make the index {index.name!r} reachable and let it carry the files of lockfiles/resolver.txt",
        )


def _refuse_full(place: Path) -> None:
    """A disk without room, whatever venv and pip made of it. Raises EnvironmentFault TB8002."""
    if shutil.disk_usage(place.parent).free < _ROOM:
        raise EnvironmentFault.of(
            "TB8002",
            f"there is no room for the resolver: it takes about {_ROOM >> 20} MiB",
            hint="make room, or set TWINBUILD_STORE to a directory with more",
            where=str(place.parent),
        )


def _no_venv(interpreter: Path, output: bytes) -> EnvironmentFault:
    text = output.decode("utf-8", "replace")
    lacking = "ensurepip is not available" in text or "No module named" in text
    reason = "it lacks venv or ensurepip" if lacking else (text.strip().splitlines() or ["no reason given"])[-1][:200]
    return EnvironmentFault.of(
        "TB2040",
        f"{interpreter.name} cannot make a virtual environment: {reason}",
        hint="install python3-venv (Debian, Ubuntu), or run twinbuild with a complete Python",
    )


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("wb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # gone with the process, however it ends
        yield
