import pytest

from twinbuild.debian.accounts import Accounts, add_service_user
from twinbuild.debian.effects import AddGroup, AddUser
from twinbuild.debian.tree import Root
from twinbuild.errors import BuildError
from twinbuild.model.plan import User
from twinbuild.model.tree import Directory, File

APP = User(name="app", uid=10001, gid=10001, home="/home/app")


def rooted() -> Root:
    """A tree with base-passwd's files, shortened."""
    root = Root()
    root.write("etc/passwd", b"root:*:0:0:root:/root:/bin/bash\n_apt:*:42:65534::/nonexistent:/usr/sbin/nologin\n")
    root.write("etc/group", b"root:*:0:\nshadow:*:42:\nusers:*:100:\nnogroup:*:65534:\n")
    return root


def test_the_service_gets_passwd_group_and_home() -> None:
    """getpass.getuser() and the home directory work for the service's user."""
    root = rooted()
    add_service_user(root, APP)
    assert root.read("etc/passwd").endswith(b"\napp:*:10001:10001::/home/app:/usr/sbin/nologin\n")
    assert root.read("etc/group").endswith(b"\napp:*:10001:\n")
    assert root.get("home/app") == Directory(path="home/app", uid=10001, gid=10001)
    assert root.get("etc/shadow") is None


def test_an_account_that_agrees_is_taken_as_it_is() -> None:
    """Claiming twice, or a group that a package made, changes nothing."""
    root = rooted()
    add_service_user(root, APP)
    before = root.read("etc/passwd"), root.read("etc/group")
    add_service_user(root, APP)
    assert (root.read("etc/passwd"), root.read("etc/group")) == before
    add_service_user(root, User(name="web", uid=10002, gid=100, home="/home/app"))
    assert root.read("etc/group") == before[1]
    assert root.read("etc/passwd").endswith(b"web:*:10002:100::/home/app:/usr/sbin/nologin\n")


@pytest.mark.parametrize(
    "user",
    [
        User(name="root", uid=10001, gid=10001, home="/root"),
        User(name="app", uid=42, gid=10001, home="/home/app"),
        User(name="shadow", uid=10001, gid=10001, home="/home/app"),
    ],
)
def test_clashing_accounts_are_refused(user: User) -> None:
    """A name or id that another account has is TB4214."""
    with pytest.raises(BuildError, match="TB4214"):
        add_service_user(rooted(), user)


@pytest.mark.parametrize(
    "user",
    [
        User(name="a:b", uid=10001, gid=10001, home="/home/app"),
        User(name="app", uid=10001, gid=10001, home="/home:x"),
        User(name="app", uid=10001, gid=10001, home="home"),
        User(name="app\nroot", uid=10001, gid=10001, home="/home/app"),
    ],
)
def test_accounts_cannot_write_further_lines(user: User) -> None:
    """Colons and line ends in a name or home would make other accounts: TB4213."""
    with pytest.raises(BuildError, match="TB4213"):
        add_service_user(rooted(), user)


def test_system_accounts_take_the_next_free_id() -> None:
    """Ids go up from 100, avoiding both users and groups, so that the order of packages alone decides them."""
    root = rooted()
    accounts = Accounts(root)
    accounts.add_user(AddUser(name="messagebus", make_home=True, home="/var/lib/bus"))
    accounts.add_group(AddGroup(name="_ssh"))
    accounts.add_user(AddUser(name="sshd", group="nogroup", uid=110))
    accounts.add_user(AddUser(name="sshd"))
    accounts.save()
    assert (accounts.uid("messagebus"), accounts.gid("_ssh"), accounts.gid("messagebus")) == (101, 102, 101)
    assert root.read("etc/passwd").count(b"sshd") == 1
    assert root.get("var/lib/bus") == Directory(path="var/lib/bus", uid=101, gid=101)
    with pytest.raises(BuildError, match="TB4213"):
        accounts.gid("nobody-knows")


def test_shadowed_passwords_have_a_fixed_date() -> None:
    """After pwconv every account has its line in shadow, the same on every day, and readable to its group only."""
    root = rooted()
    accounts = Accounts(root)
    accounts.shadow()
    accounts.shadow()
    accounts.save()
    add_service_user(root, APP)
    assert root.read("etc/shadow").splitlines() == [
        b"root:*:19675:0:99999:7:::",
        b"_apt:*:19675:0:99999:7:::",
        b"app:!:19675::::::",
    ]
    assert b"root:x:0:0:" in root.read("etc/passwd")
    assert root.read("etc/gshadow").endswith(b"app:!::\n")
    file = root.get("etc/shadow")
    assert isinstance(file, File)
    assert (file.mode, file.gid) == (0o640, 42)


def test_lines_that_are_no_account() -> None:
    """Comments, NIS's lines, lines cut short and bytes of another encoding, as bases have them, stay and count not."""
    root = Root()
    odd = b"# of the image\n+::::::\napp\nbad:x:one:1:::\nold:x:7:7:Ren\xe9\x0b:/:/bin/sh\nlast:x:8:8:::"
    root.write("etc/passwd", odd)
    root.write("etc/group", b"+:::\napp\nold:x:7:")
    add_service_user(root, User(name="app", uid=9001, gid=9001, home="/home/app"))
    assert root.read("etc/passwd") == odd + b"\napp:*:9001:9001::/home/app:/usr/sbin/nologin\n"
    assert root.read("etc/group") == b"+:::\napp\nold:x:7:\napp:*:9001:\n"
    accounts = Accounts(root)
    accounts.shadow()
    accounts.save()
    assert root.read("etc/shadow").splitlines()[0].startswith(b"old:x:")
