"""Settings of the machine: where things are and how to reach them. No byte of a release may depend on them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

__all__ = [
    "ARCHIVE",
    "AUDIT_KEY",
    "AUDIT_LOG",
    "OCI_SCHEME",
    "PASSPHRASE",
    "SIGNING_KEY",
    "Settings",
    "addresses_of",
    "index_variable",
    "mirror_variable",
    "store_place",
    "without_keys",
]


ARCHIVE: Final = "TWINBUILD_ARCHIVE"
AUDIT_LOG: Final = "TWINBUILD_AUDIT_LOG"
AUDIT_KEY: Final = "TWINBUILD_AUDIT_KEY"
SIGNING_KEY: Final = "TWINBUILD_SIGNING_KEY"
PASSPHRASE: Final = "TWINBUILD_KEY_PASSPHRASE"  # noqa: S105  the name of a variable
OCI_SCHEME: Final = "oci://"  # before a repository, where a directory or a file could stand as well


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Addresses and limits, gathered once at the edge from the environment, ``twinbuild.toml``, pip and apt.

    ``indexes`` maps an index's name to the base address of its simple API (PEP 503/691), ``default`` included where
    it is known; ``archives`` maps the name of an archive of packages (``debian``, ``debian-security``, ``ubuntu``) to
    the addresses that serve it, tried in order; ``snapshots`` likewise to addresses with ``{timestamp}`` in them.
    """

    store: str  # absolute path of the store
    indexes: tuple[tuple[str, str], ...] = ()
    wheel_directories: tuple[str, ...] = ()  # of pip's find-links; for indexes of the spec that have no address
    archives: tuple[tuple[str, tuple[str, ...]], ...] = ()
    snapshots: tuple[tuple[str, tuple[str, ...]], ...] = ()
    mirrors: tuple[tuple[str, tuple[str, ...]], ...] = ()  # registry → `host[:port][/prefix]` or addresses, tried first
    plain_http: tuple[str, ...] = ()  # registries (`host[:port]`) that are reached without TLS because the user said so
    certificates: str = ""  # path of a certificate bundle; "" means the system's
    proxies: tuple[tuple[str, str], ...] = ()  # scheme → address
    no_proxy: tuple[str, ...] = ()  # host suffixes that are reached directly
    netrc: str = ""  # path of a netrc file with credentials; "" for none
    offline: bool = False
    connections: int = 6  # downloads side by side
    timeout: float = 60.0  # seconds without a byte
    retries: int = 4


def index_variable(name: str) -> str:
    """The variable that says where an index is: TWINBUILD_INDEX_TORCH_CPU for ``torch-cpu``, _URL for ``default``."""
    suffix = "URL" if name == "default" else name.upper().replace("-", "_").replace(".", "_")
    return f"TWINBUILD_INDEX_{suffix}"


def mirror_variable(archive: str) -> str:
    """The variable that says where an archive is: TWINBUILD_UBUNTU_MIRROR for ``ubuntu``."""
    if archive == "debian-security":
        return "TWINBUILD_DEBIAN_SECURITY"
    return f"TWINBUILD_{archive.upper().replace('-', '_').replace('.', '_')}_MIRROR"


def addresses_of(archive: str, archives: tuple[tuple[str, tuple[str, ...]], ...]) -> tuple[str, ...]:
    """The addresses of an archive, () where none are known; names that differ in punctuation alone are one."""
    variable = mirror_variable(archive)
    return next((addresses for name, addresses in archives if mirror_variable(name) == variable), ())


def without_keys(environment: Mapping[str, str]) -> dict[str, str]:
    """The variables without those of signing: no other program is told a key, its passphrase or where it is."""
    named = [environment.get(name, "").removeprefix("env:") for name in (SIGNING_KEY, AUDIT_KEY)]
    secret = {SIGNING_KEY, AUDIT_KEY, PASSPHRASE, *named}
    return {name: value for name, value in environment.items() if name not in secret}


def store_place(environment: Mapping[str, str], home: str) -> str:
    """Where the store is if nobody says otherwise: below the user's cache directory (XDG Base Directory)."""
    cache = environment.get("XDG_CACHE_HOME", "")
    return f"{cache if cache.startswith('/') else f'{home}/.cache'}/twinbuild"  # relative paths are to be ignored
