"""Scripts of Debian 13 that differ from those of Debian 12."""

from __future__ import annotations

from typing import Final

from twinbuild.debian.effects import (
    Copy,
    Divert,
    Effect,
    Link,
    MakeDirectory,
    Omitted,
    Perform,
    Step,
    Write,
)
from twinbuild.debian.effects.common import COMMON
from twinbuild.debian.effects.essential import BYTECODE, ESSENTIAL, UPGRADES

__all__ = ["TRIXIE"]

_BIARCH: Final = ("lib32", "libo32", "libx32")
_READLINE: Final = ("libhistory.so.8", "libhistory.so.8.2", "libreadline.so.8", "libreadline.so.8.2")


def _as_in_12(package: str, script: str) -> tuple[Effect, ...]:
    """The effects of the script in Debian 12, which are the same."""
    found = {**ESSENTIAL, **COMMON}
    return next(effects for (name, kind, _), effects in found.items() if (name, kind) == (package, script))


TRIXIE: Final[dict[tuple[str, str, str], tuple[Effect, ...]]] = {
    ("base-files", "preinst", "7337783b614e2b10067cfda60b604838fea527bec64ea3489796ff3afda16871"): tuple(
        Divert(path=f"/{name}", to=f"/.{name}.usr-is-merged") for name in _BIARCH
    ),
    ("base-files", "postinst", "c3afcbe1aa12e56b62955e75bbf432f21446c4901e66f19468f68351791b08be"): (
        *_as_in_12("base-files", "postinst"),
        MakeDirectory(path="/usr/local/libexec"),
        *(Link(path=f"/{name}", target=f"usr/{name}", needs=f"/usr/{name}") for name in _BIARCH),
    ),
    ("base-passwd", "postinst", "1cff0ea9b8dd12bcb4f6da505bdbd225c905df423f89f4a1be871667ab40c7c6"): (
        Copy(source="/usr/share/base-passwd/passwd.master", path="/etc/passwd"),
        Copy(source="/usr/share/base-passwd/group.master", path="/etc/group"),
        Write(path="/etc/subuid"),
        Write(path="/etc/subgid"),
    ),
    ("dash", "preinst", "07dfa54d9a3f59a86e1e04705ceaa2596a05fc00a08bb964792dc8e8dc517108"): UPGRADES,
    ("dash", "postinst", "d645a064ae691492fc35446181ece920c75ef0e0b179bc8ba0ffccefb632ec9d"): UPGRADES,
    ("debconf", "postinst", "5a2e9dd3174db7116b8baca7479df372bc898a04cf9136ebefca3c98de959f3c"): _as_in_12(
        "debconf", "postinst"
    ),
    ("debianutils", "postinst", "d15926d4a2130c02b368e2a609fbeb563455355e717007937e36893f88668eff"): _as_in_12(
        "debianutils", "postinst"
    ),
    ("dpkg", "postinst", "f89850ce4c8b0652bb5f288894f3f180fe60d9c27ddd4df8251c7f7ed82ebed9"): (
        Write(path="/var/lib/dpkg/arch-native", content="{architecture}\n"),
        *_as_in_12("dpkg", "postinst"),
    ),
    ("fontconfig-config", "postinst", "938926ea6d250e93ad844328613505a232420f66f126158f83785c16ec7d602a"): (
        Link(
            path="/etc/fonts/conf.d/10-hinting-slight.conf",
            target="/usr/share/fontconfig/conf.avail/10-hinting-slight.conf",
        ),
        Link(
            path="/etc/fonts/conf.d/70-no-bitmaps-except-emoji.conf",
            target="/usr/share/fontconfig/conf.avail/70-no-bitmaps-except-emoji.conf",
        ),
        MakeDirectory(path="/usr/local/share/fonts"),
    ),
    ("gzip", "preinst", "09dbf6d394e92c0c694fd8c17cfcbc198af5072f605dc006205a172293fa977d"): UPGRADES,
    ("gzip", "postinst", "cddcb049fa57988f1be16035569af310a7f9cb6bc401dd9c732ee01d956f97d8"): UPGRADES,
    ("libc6", "preinst", "3808dd68620f190c3c369b8e26a24a59d68b525419fa7dc8d765c6ffcba80956"): (
        Divert(path="/lib/ld-linux-aarch64.so.1", to="/lib/ld-linux-aarch64.so.1.usr-is-merged"),
        *_as_in_12("libc6", "preinst"),
    ),
    ("libc6", "preinst", "7aff0660120ee0eb02b77b103440e8469065ad8281c921123e4e2befa8b3f040"): (
        Divert(path="/lib64/ld-linux-x86-64.so.2", to="/lib64/ld-linux-x86-64.so.2.usr-is-merged"),
        *_as_in_12("libc6", "preinst"),
    ),
    ("libc6", "postinst", "ff2a3a7a0e74ceac331ca5ad22e7ef57c974a7b891a9b1e7f3def4377ec6f1b5"): UPGRADES,
    ("libglib2.0-0t64", "preinst", "1684ed66ce269855164eeef6091ad130dc8e656a8dde80cab519c15653975f97"): UPGRADES,
    ("libglib2.0-0t64", "postinst", "3d31faafccf7f5b9421662e11fc37a08d0c96be06b6a8fc87d6d4fc998cf668e"): (
        Omitted(what="caches of settings schemas and GIO modules, which are read themselves where they are missing"),
    ),
    ("libpam-modules", "postinst", "ddf77f362eeeb9720f05fa59cc2583aeda90a25ec721dd6807e0eda568ce84d1"): _as_in_12(
        "libpam-modules", "postinst"
    ),
    ("libpython3.13-minimal", "postinst", "5a64ba566896edb9350037136a5d2bd7c811e415f98862cb0a0820451127c2f2"): (
        Omitted(what="it prints nothing to nowhere"),
    ),
    ("libreadline8t64", "preinst", "19c9399e534c9ffb01f319185ce5a7a7f101fc8bde23b6a7c163baf141c0ebfa"): tuple(
        Divert(path=f"/lib/{{triplet}}/{name}", to=f"/lib/{{triplet}}/{name}.usr-is-merged") for name in _READLINE
    ),
    ("libselinux1", "postinst", "684ee968c17cb4da879374525276eb170f0c0d74888ff80d32d94a21dd9af92e"): (
        Omitted(what="a directory below /run, which a container makes anew"),
    ),
    ("login.defs", "postinst", "b6a6ee46fff116770120ec86c39a1c2bdf3485699d4213c47596327d57a65d0a"): UPGRADES,
    ("netbase", "postinst", "f1f034ca93a9e934b934239acb18d12904d1a20c5b5dd74730af30dbd480585c"): _as_in_12(
        "netbase", "postinst"
    ),
    ("passwd", "postinst", "327543dd12bb1b13217f9150de488cbf26c64de1179d455db80a3dfb5cbdf078"): (
        Perform(step=Step.SHADOW),
    ),
    ("perl", "postinst", "cebad2b86e1823e6c3cc40d3eae6e4a4dad67177b7c3a47bb5b1fa7df3ba4337"): UPGRADES,
    ("python3.13-minimal", "preinst", "7da899fb7aaf449eca6ea89eb41aef9bf9ee05a31d5db5716b8412ccca4126fa"): (
        MakeDirectory(path="/var/lib/python"),
        Write(path="/var/lib/python/python3.13_installed"),
    ),
    ("python3.13-minimal", "postinst", "d32c52c5cf994004f5c91e83b7a17f8e71ed928d54bc67abe91ac13578648420"): (
        MakeDirectory(path="/usr/local/lib/python3.13"),
        MakeDirectory(path="/usr/local/lib/python3.13/dist-packages"),
        BYTECODE,
    ),
    ("python3.13", "postinst", "bd21960b5075d4d734d5a390b90db93a85450fb0638fc977c05141801cbea76f"): (BYTECODE,),
    ("tzdata", "postinst", "555ed6cfc95b70d0e209ffcbfbcef31670cf50bea5e9ff686f6f9c456acb0f46"): (
        Link(path="/etc/localtime", target="/usr/share/zoneinfo/Etc/UTC"),
    ),
    ("x11-common", "postinst", "dca96d138080f12fcbcfe5b9f76ebb714c11f758fa56003b29a834ba13b468c4"): _as_in_12(
        "x11-common", "postinst"
    ),
}
