import pytest

from twinbuild.debian.effects import (
    AddGroup,
    AddUser,
    Alternative,
    Copy,
    Divert,
    Effect,
    Follower,
    Link,
    MakeDirectory,
    Migrate,
    Omitted,
    Perform,
    SetOwner,
    Step,
    Write,
)
from twinbuild.debian.effects.apply import apply_effects
from twinbuild.debian.tree import Root
from twinbuild.errors import BuildError
from twinbuild.model.platform import Platform
from twinbuild.model.tree import BytesContent, Directory, File, Symlink

AMD64 = Platform.parse("linux/amd64")
ARM64 = Platform.parse("linux/arm64")


def applied(*effects: Effect, platform: Platform = AMD64) -> Root:
    """A small tree with effects applied."""
    root = Root()
    root.write("etc/passwd", b"root:*:0:0:root:/root:/bin/bash\nwww-data:*:33:33:::\n")
    root.write("etc/group", b"root:*:0:\nadm:*:4:\nwww-data:*:33:\n")
    root.write("usr/share/template", b"template", mode=0o600)
    root.put(Directory(path="var/run"))
    apply_effects(root, effects, platform)
    return root


def test_files_are_written_only_where_there_are_none() -> None:
    """A second package does not overwrite, as its script would not."""
    root = applied(
        Write(path="/etc/a", content="{architecture} {triplet}\n", mode=0o640, user="www-data", group="adm"),
        Write(path="/etc/a", content="other"),
        Copy(source="/usr/share/template", path="/etc/b"),
        Copy(source="/usr/share/template", path="/etc/a"),
    )
    assert root.get("etc/a") == File(
        path="etc/a", content=BytesContent(b"amd64 x86_64-linux-gnu\n"), mode=0o640, uid=33, gid=4
    )
    assert root.get("etc/b") == File(path="etc/b", content=BytesContent(b"template"), mode=0o600)


def test_directories_links_and_owners() -> None:
    """Each does what its script would do on a fresh tree, and nothing where something is already there."""
    root = applied(
        MakeDirectory(path="/usr/lib/{triplet}/x", mode=0o2775, group="adm"),
        MakeDirectory(path="/var/run", mode=0o700),
        Link(path="/etc/l", target="/one"),
        Link(path="/etc/l", target="/two"),
        Link(path="/etc/none", target="/three", needs="/missing"),
        Migrate(path="/var/run", target="/run"),
        SetOwner(path="/usr/share/template", mode=0o4755, group="adm"),
        SetOwner(path="/missing", mode=0o755),
        Divert(path="/a", to="/b"),
        Omitted(what="nothing"),
    )
    assert root.get("usr/lib/x86_64-linux-gnu/x") == Directory(path="usr/lib/x86_64-linux-gnu/x", mode=0o2775, gid=4)
    assert root.get("etc/l") == Symlink(path="etc/l", target="/one")
    assert root.get("etc/none") is None
    assert root.get("var/run") == Symlink(path="var/run", target="/run")
    file = root.get("usr/share/template")
    assert isinstance(file, File)
    assert (file.mode, file.gid) == (0o4755, 4)
    assert root.get("missing") is None


def test_accounts_come_in_order_and_shadow_covers_later_ones() -> None:
    """An account made after passwords moved gets its line in shadow."""
    root = applied(
        AddGroup(name="crontab"), Perform(step=Step.SHADOW), AddUser(name="messagebus"), AddUser(name="root")
    )
    assert root.read("etc/group").endswith(b"crontab:x:100:\nmessagebus:x:101:\n")
    assert root.read("etc/shadow").endswith(b"messagebus:!:19675::::::\n")


def test_alternatives_of_all_packages_are_judged_together() -> None:
    """Placeholders are filled in, and the best choice is taken over all effects."""
    one, two = (
        Alternative(
            name="x-{triplet}",
            link="/usr/lib/{triplet}/x",
            path=f"/usr/share/{name}",
            priority=priority,
            followers=(Follower(name="y", link="/usr/y", path=f"/usr/share/{name}"),),
        )
        for name, priority in (("template", 5), ("missing", 50))
    )
    root = applied(one, two, platform=ARM64)
    assert root.follow("usr/lib/aarch64-linux-gnu/x") == "usr/share/template"
    assert root.names("var/lib/dpkg/alternatives") == ("x-aarch64-linux-gnu",)


def test_steps_over_the_whole_tree_happen_once_at_the_end() -> None:
    """The library cache sees a link that a later effect made."""
    root = applied(
        Perform(step=Step.LIBRARIES),
        Perform(step=Step.PAM),
        Write(path="/usr/share/pam/common-auth", content="$auth_primary\n"),
        Perform(step=Step.SHELLS),
        Write(path="/usr/share/debianutils/shells", content="/bin/sh\n"),
        Perform(step=Step.CERTIFICATES),
    )
    assert root.read("etc/pam.d/common-auth") == b"auth\t[default=1]\t\t\tpam_permit.so\n"
    assert root.read("etc/shells") == b"/bin/sh\n"
    assert root.read("etc/ld.so.cache").startswith(b"glibc-ld.so.cache1.1")
    assert root.read("etc/ssl/certs/ca-certificates.crt") == b""


def test_a_missing_source_is_named() -> None:
    """An effect that cannot be had is an error, not a gap in the image."""
    with pytest.raises(BuildError, match=r"TB4211 .*/usr/share/none"):
        applied(Copy(source="/usr/share/none", path="/etc/x"))
