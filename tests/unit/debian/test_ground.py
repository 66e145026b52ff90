"""``debian.ground``: packages added to a system that is there."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Mapping

import pytest

from fakes.debs import deb, given, tar
from twinbuild.debian.archive import read_deb
from twinbuild.debian.ground import Ground, additions, read_ground
from twinbuild.debian.system import assemble
from twinbuild.debian.tree import Root
from twinbuild.debian.unpack import spool_deb
from twinbuild.errors import TwinbuildError
from twinbuild.model.plan import User
from twinbuild.model.platform import Platform
from twinbuild.model.tree import Directory, Entry, File, Hardlink

AMD64 = Platform.parse("linux/amd64")
APP = User(name="app", uid=10001, gid=10001, home="/home/app")
STATUS = (
    "Package: zlib\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1\n\n"
    "Package: demo\nStatus: deinstall ok config-files\nArchitecture: amd64\nVersion: 0\n\n"
    "Package: dpkg\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1.21\n"
)


def tree(files: Mapping[str, bytes | str | None] | None = None, *, without: tuple[str, ...] = ()) -> Root:
    """A small system: bytes are files, a text is where a link leads, None is a directory."""
    root = Root()
    for name in ("bin", "lib", "lib64"):
        root.put(Directory(path=f"usr/{name}"))
        root.link(name, f"usr/{name}")
    known: dict[str, bytes | str | None] = {
        "etc/passwd": b"root:*:0:0:root:/root:/bin/sh\n",
        "etc/group": b"root:*:0:\n",
        "etc/own.conf": b"theirs",
        "usr/bin/tool": b"of zlib",
        "usr/bin/loose": b"of nobody",
        "usr/share/doc": None,
        "var/lib/dpkg/status": STATUS.encode(),
        "var/lib/dpkg/arch": b"amd64\n",
        "var/lib/dpkg/diversions": b"/bin/a\n/bin/a.real\nzlib\n",
        "var/lib/dpkg/triggers/File": b"/usr/lib zlib\n",
        "var/lib/dpkg/info/zlib:amd64.list": b"/.\n/bin\n/bin/tool\n/bin/loose/nothing\n",
        **(files or {}),
    }
    for path, content in known.items():
        if path in without:
            continue
        if content is None:
            root.put(Directory(path=path, mode=0o750))
        elif isinstance(content, str):
            root.link(path, content)
        else:
            root.put(File(path=path, content=_Bytes(content), mode=0o600 if path.endswith("passwd") else 0o644))
    return root


class _Bytes:
    def __init__(self, content: bytes) -> None:
        self.content, self.size = content, len(content)

    def open(self) -> io.BytesIO:
        """The bytes."""
        return io.BytesIO(self.content)


def added(*packages: bytes, root: Root | None = None) -> dict[str, Entry]:
    """The entries that packages add to a system."""
    ground = read_ground(root or tree(), AMD64, subject="base")
    unpacked = [spool_deb(io.BytesIO(one), read_deb(io.BytesIO(one)), io.BytesIO()) for one in packages]
    debs = tuple(given(one.deb.name) for one in unpacked)
    found = list(assemble(unpacked, debs, platform=AMD64, user=APP, ground=ground))
    assert [entry.path for entry in found] == sorted(entry.path for entry in found)
    return {entry.path: entry for entry in found}


def text(entry: Entry) -> str:
    """A file's text."""
    assert isinstance(entry, File)
    with entry.content.open() as stream:
        return stream.read().decode()


def refused(*packages: bytes, root: Root | None = None) -> tuple[str, str]:
    """Code and message of the first finding."""
    with pytest.raises(TwinbuildError) as caught:
        added(*packages, root=root)
    return caught.value.findings[0].code, caught.value.findings[0].message


def test_only_what_is_new_is_in_the_layer() -> None:
    """A package's files below merged links, its place in dpkg's database, the account; nothing that stays as it is."""
    found = added(deb("demo", files={"bin/demo": b"x", "usr/share/doc/demo/note": b"n"}))
    files = sorted(path for path, entry in found.items() if isinstance(entry, File))
    assert files == [
        "etc/group",
        "etc/ld.so.cache",
        "etc/passwd",
        "usr/bin/demo",
        "usr/share/doc/demo/note",
        "var/lib/dpkg/available",
        "var/lib/dpkg/info/demo.list",
        "var/lib/dpkg/info/format",
        "var/lib/dpkg/lock",
        "var/lib/dpkg/lock-frontend",
        "var/lib/dpkg/status",
        "var/lib/dpkg/triggers/Lock",
        "var/lib/dpkg/triggers/Unincorp",
    ]
    doc = found["usr/share/doc"]
    assert isinstance(doc, Directory)
    assert doc.mode == 0o750  # as the base has it
    passwd = found["etc/passwd"]
    assert isinstance(passwd, File)
    assert passwd.mode == 0o600
    assert text(passwd).startswith("root:*:0:0:root:/root:/bin/sh\napp:")
    assert text(found["var/lib/dpkg/info/demo.list"]) == (
        "/.\n/bin\n/bin/demo\n/usr\n/usr/share\n/usr/share/doc\n/usr/share/doc/demo\n/usr/share/doc/demo/note\n"
    )


def test_the_database_knows_both() -> None:
    """Sorted by name as dpkg sorts; what was left of an earlier installation goes; triggers and diversions are kept."""
    found = added(deb("demo", control={"triggers": b"interest /usr/share/x\n"}))
    stanzas = text(found["var/lib/dpkg/status"]).strip().split("\n\n")
    assert [stanza.splitlines()[0] for stanza in stanzas] == ["Package: demo", "Package: dpkg", "Package: zlib"]
    assert "Status: install ok installed" in stanzas[0]
    assert text(found["var/lib/dpkg/triggers/File"]) == "/usr/lib zlib\n/usr/share/x demo\n"
    assert "var/lib/dpkg/diversions" not in found  # the same as before


def test_whose_file_it_is() -> None:
    """A file of the base's package is never overwritten, one of nobody is, and configuration stays."""
    assert refused(deb("demo", files={"usr/bin/tool": b"x"})) == (
        "TB4205",
        "/usr/bin/tool of demo=1.0-1 is shipped in zlib of the base, too",
    )
    found = added(
        deb(
            "demo",
            files={"bin/loose": b"ours", "etc/own.conf": b"ours"},
            control={"conffiles": b"/etc/own.conf\n"},
        )
    )
    assert text(found["usr/bin/loose"]) == "ours"
    assert "etc/own.conf" not in found


def test_directories_and_links() -> None:
    """A directory may be a link to one in the base; a file in a directory's place is refused."""
    root = tree({"srv/real": None, "usr/share/linked": "../../srv/real"})
    found = added(deb("demo", files={"usr/share/linked/file": b"x"}), root=root)
    assert text(found["srv/real/file"]) == "x"
    assert refused(deb("demo", files={"usr/share/doc": b"x"})) == (
        "TB4207",
        "/usr/share/doc of demo=1.0-1 is a file here and a directory in the base",
    )
    assert refused(deb("demo", files={"usr/bin/loose/x": b"x"}))[0] == "TB4207"


def test_links_between_layers_become_files() -> None:
    """A hard link whose file lies in the base alone would lead nowhere in a layer of its own."""
    ground = read_ground(tree(), AMD64, subject="base")
    root = ground.root.copy()
    root.put(Hardlink(path="usr/bin/alias", target="usr/bin/loose"))
    root.put(Hardlink(path="usr/bin/name", target="usr/bin/loose"))
    found = {entry.path: entry for entry in additions(root, ground).entries()}
    assert sorted(found) == ["usr", "usr/bin", "usr/bin/alias", "usr/bin/name"]
    assert text(found["usr/bin/alias"]) == "of nobody"
    assert found["usr/bin/name"] == Hardlink(path="usr/bin/name", target="usr/bin/alias")


def test_links_of_a_package_stay_links() -> None:
    """Whichever of their names sorts first."""
    members: list[tuple[str, bytes, dict[str, object]]] = [
        ("./z", b"x", {"mode": 0o644}),
        ("./a", b"", {"type": tarfile.LNKTYPE, "linkname": "./z"}),
    ]
    found = added(deb("demo", payload=tar(members)))
    assert text(found["a"]) == "x"
    assert found["z"] == Hardlink(path="z", target="a")


def test_the_other_name_of_a_file_that_is_replaced() -> None:
    """A package's file takes one name; by the other the base's file is what it was, and none of the layer."""
    root = tree()
    root.put(Hardlink(path="usr/bin/alias", target="usr/bin/loose"))
    found = added(deb("demo", files={"usr/bin/loose": b"new"}), root=root)
    assert text(found["usr/bin/loose"]) == "new"
    assert "usr/bin/alias" not in found


@pytest.mark.parametrize(
    ("root", "message"),
    [
        (tree(without=("var/lib/dpkg/status",)), "no database of dpkg"),
        (Root(), "no database of dpkg"),
    ],
)
def test_a_system_without_dpkg(root: Root, message: str) -> None:
    """TB4220."""
    code, found = refused(deb("demo"), root=root)
    assert code == "TB4220"
    assert message in found


def test_a_system_whose_usr_is_not_merged() -> None:
    """TB4220, for its packages lie elsewhere."""
    root = Root()
    root.put(Directory(path="bin"))
    root.write("var/lib/dpkg/status", STATUS.encode())
    code, message = refused(deb("demo"), root=root)
    assert (code, "/bin does not lead to /usr/bin" in message) == ("TB4220", True)


def test_nothing_of_the_ground_may_go() -> None:
    """TB4221 names it: a layer of ours deletes nothing."""
    ground = read_ground(tree(), AMD64, subject="base")
    root = ground.root.copy()
    root.remove("usr/bin/loose")
    with pytest.raises(TwinbuildError) as caught:
        additions(root, ground)
    assert caught.value.findings[0].code == "TB4221"
    assert "/usr/bin/loose" in caught.value.findings[0].message


def test_the_ground_is_not_changed() -> None:
    """Adding twice gives the same twice."""
    root = tree()
    one = added(deb("demo", files={"bin/demo": b"x"}), root=root)
    assert sorted(added(deb("demo", files={"bin/demo": b"x"}), root=root)) == sorted(one)


def test_text_that_is_not_utf_8() -> None:
    """Descriptions and paths of old packages may be: their bytes stay."""
    old = STATUS.encode() + b"Description: caf\xe9\n"
    files = {"var/lib/dpkg/status": old, "var/lib/dpkg/diversions": b"/bin/caf\xe9\n/bin/b\nzlib\n"}
    found = added(deb("demo", files={"bin/demo": b"x"}), root=tree(files))
    status = found["var/lib/dpkg/status"]
    assert isinstance(status, File)
    with status.content.open() as stream:
        assert b"Description: caf\xe9\n" in stream.read()
    assert "var/lib/dpkg/diversions" not in found


def test_what_a_database_says() -> None:
    """Owners by the place in the tree, diversions, dpkg's version."""
    ground: Ground = read_ground(tree(), AMD64, subject="base")
    assert ground.owners == {"bin": "zlib", "usr/bin/tool": "zlib"}
    assert [(item.path, item.to, item.package) for item in ground.diverted] == [("/bin/a", "/bin/a.real", "zlib")]
    assert ground.dpkg == "1.21"


def test_what_a_removed_package_left() -> None:
    """Its configuration stays as it is, and the database has the sum of the file that the package ships, as dpkg's."""
    left = STATUS.replace("demo\nStatus", "demo\nConffiles:\n /etc/own.conf 0\nStatus")
    root = tree({"var/lib/dpkg/status": left.encode(), "var/lib/dpkg/info/demo.list": b"/.\n/etc\n/etc/own.conf\n"})
    found = added(deb("demo", files={"etc/own.conf": b"x"}, control={"conffiles": b"/etc/own.conf\n"}), root=root)
    assert "etc/own.conf" not in found
    status = text(found["var/lib/dpkg/status"])
    assert "Conffiles:\n /etc/own.conf 9dd4e461268c8034f5c8564e155c67a6\n" in status  # of "x"
    assert status.count("Package: demo\n") == 1


def test_a_package_of_another_architecture_stays() -> None:
    """In the database and as an owner; what both ship (Multi-Arch: same) is no clash."""
    other = "Package: demo\nStatus: install ok installed\nArchitecture: i386\nMulti-Arch: same\nVersion: 1.0-1\n\n"
    files = {
        "var/lib/dpkg/status": (other + STATUS).encode(),
        "var/lib/dpkg/info/demo:i386.list": b"/.\n/usr/share/note\n",
        "usr/share/note": b"n",
    }
    both = deb("demo", files={"usr/share/note": b"n"}, architecture="amd64", fields="Multi-Arch: same\n")
    found = added(both, root=tree(files))
    stanzas = text(found["var/lib/dpkg/status"]).strip().split("\n\n")
    heads = [(stanza.splitlines()[0], "i386" in stanza) for stanza in stanzas]
    assert heads == [
        ("Package: demo", False),
        ("Package: demo", True),
        ("Package: dpkg", False),
        ("Package: zlib", False),
    ]
    assert "var/lib/dpkg/info/demo:amd64.list" in found
    assert refused(deb("single", files={"usr/share/note": b"n"}), root=tree(files)) == (
        "TB4205",
        "/usr/share/note of single=1.0-1 is shipped in demo:i386 of the base, too",
    )


def test_triggers_that_wait_stay() -> None:
    """What the base's packages were still to do is not forgotten."""
    found = added(deb("demo"), root=tree({"var/lib/dpkg/triggers/Unincorp": b"ldconfig zlib\n"}))
    assert "var/lib/dpkg/triggers/Unincorp" not in found


def test_owners_and_modes_that_the_base_sets() -> None:
    """Of what packages ship, as dpkg-statoverride(1) says; what is there already stays as it is."""
    root = tree(
        {
            "etc/group": b"root:*:0:\ngames:*:60:\n",
            "var/lib/dpkg/statoverride": b"root games 2755 /usr/bin/demo\nroot games 2755 /bin/loose\n",
        }
    )
    assert getattr(added(deb("demo", files={"bin/demo": b"x"}), root=root)["usr/bin/demo"], "mode", 0) == 0o755
    found = added(deb("demo", files={"usr/bin/demo": b"x"}), root=root)
    demo = found["usr/bin/demo"]
    assert isinstance(demo, File)
    assert (demo.mode, demo.uid, demo.gid) == (0o2755, 0, 60)
    assert "usr/bin/loose" not in found
    assert "var/lib/dpkg/statoverride" not in found
