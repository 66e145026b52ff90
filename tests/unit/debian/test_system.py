import io

import pytest

from fakes.debs import deb, given
from twinbuild.debian.archive import read_deb
from twinbuild.debian.system import assemble, examine
from twinbuild.debian.unpack import Unpacked, spool_deb
from twinbuild.errors import PolicyRefused
from twinbuild.model.digest import Digest
from twinbuild.model.plan import User
from twinbuild.model.platform import Platform
from twinbuild.model.tree import Entry

AMD64 = Platform.parse("linux/amd64")
ACCOUNTS = {"etc/passwd": b"root:*:0:0:root:/root:/bin/sh\n", "etc/group": b"root:*:0:\n"}
ALTERNATIVE = b"update-alternatives --install /usr/bin/x x /usr/bin/demo 1\n"
UNKNOWN = b"make-magic\n"


def unpacked(*contents: bytes) -> tuple[Unpacked, ...]:
    """Packages, each in a spool of its own."""
    return tuple(spool_deb(io.BytesIO(one), read_deb(io.BytesIO(one)), io.BytesIO()) for one in contents)


def system(*, swapped: bool = False) -> list[Entry]:
    """Two packages and a user as entries."""
    packages = unpacked(
        deb("accounts", files=ACCOUNTS),
        deb("demo", files={"bin/demo": b"x"}, control={"postinst": ALTERNATIVE}),
    )
    debs = (given("accounts"), given("demo", depends=("accounts",)))
    return list(
        assemble(
            packages[::-1] if swapped else packages,
            debs[::-1] if swapped else debs,
            platform=AMD64,
            user=User(name="app", uid=10001, gid=10001, home="/home/app"),
        )
    )


def described(entries: list[Entry]) -> list[tuple[object, ...]]:
    """Entries with the bytes of their files."""
    found: list[tuple[object, ...]] = []
    for entry in entries:
        content = getattr(entry, "content", None)
        if content is None:
            found.append((entry,))
        else:
            with content.open() as stream:
                found.append((entry.path, getattr(entry, "mode", 0), stream.read()))
    return found


def test_a_system_is_complete_and_sorted() -> None:
    """Packages, effects, the user, the database, and a name for the loopback address, in sorted order."""
    entries = system()
    paths = [entry.path for entry in entries]
    assert paths == sorted(paths)
    assert {"usr/bin/demo", "usr/bin/x", "home/app", "etc/hosts", "var/lib/dpkg/status"} <= set(paths)


def test_the_order_of_packages_does_not_matter() -> None:
    """The same bytes whatever order the packages are given in."""
    assert described(system()) == described(system(swapped=True))


def test_unknown_scripts_are_refused_all_at_once() -> None:
    """Each package is named; one whose script the caller runs himself is not refused."""
    packages = unpacked(deb("one", control={"postinst": UNKNOWN}), deb("two", control={"preinst": UNKNOWN}))
    debs = (given("one"), given("two"))
    with pytest.raises(PolicyRefused) as caught:
        assemble(packages, debs, platform=AMD64)
    assert [finding.code for finding in caught.value.findings] == ["TB4210", "TB4210"]
    assert "one's postinst" in str(caught.value)
    assert "two's preinst" in str(caught.value)
    assert list(assemble(packages, debs, platform=AMD64, handled=frozenset({Digest.of(UNKNOWN)})))


def test_control_parts_are_enough_to_examine() -> None:
    """What is unknown can be said at lock time, before any file is unpacked."""
    installation = examine([read_deb(io.BytesIO(deb("one", control={"postinst": UNKNOWN})))])
    assert [script.package for script in installation.unknown] == ["one"]
    with pytest.raises(PolicyRefused, match="TB4210"):
        installation.refuse_unknown()
