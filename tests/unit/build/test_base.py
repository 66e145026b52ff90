"""``build.base``: the service's account in the base's own files."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.unit.oci.test_stack import Files

from fakes.bases import files_of_a_base, layer_tar, plain_layers
from twinbuild.build.base import ACCOUNTS, account_entries
from twinbuild.errors import BuildError
from twinbuild.model.plan import AccountRecipe, User
from twinbuild.model.tree import Directory, Entry, File
from twinbuild.store.memory import MemoryStore

USER = User(name="app", uid=10001, gid=10001, home="/home/app")


def entries(*tars: bytes, user: User = USER, places: tuple[str, ...] = (), version: str = ACCOUNTS) -> list[Entry]:
    """What the account's layer holds on a base of these tars."""
    store = MemoryStore()
    layers = plain_layers(store, tars)
    return list(account_entries(AccountRecipe(base=layers, user=user, places=places, version=version), store))


def text(found: list[Entry], path: str) -> str:
    """A file's text."""
    (file,) = (entry for entry in found if entry.path == path)
    assert isinstance(file, File)
    with file.content.open() as stream:
        return stream.read().decode()


def test_lines_are_added() -> None:
    """The base's lines stay, ours come last, and nothing else of the base is repeated."""
    found = entries(layer_tar(files_of_a_base()))
    assert [entry.path for entry in found] == ["etc", "etc/group", "etc/passwd", "home", "home/app"]
    assert text(found, "etc/passwd") == (
        "root:*:0:0:root:/root:/bin/sh\napp:*:10001:10001::/home/app:/usr/sbin/nologin\n"
    )
    assert text(found, "etc/group") == "root:*:0:\napp:*:10001:\n"
    assert found[-1] == Directory(path="home/app", uid=10001, gid=10001)


def test_modes_and_owners_of_the_base() -> None:
    """Files and directories that the base has keep what they are there."""
    files: Files = {**files_of_a_base(), "home": None, "etc/shadow": b"root:*:19000:0:99999:7:::\n"}
    files["etc/gshadow"] = b"root:*::\n"
    found = entries(layer_tar(files, modes={"etc/shadow": (0o600, 0), "etc/passwd": (0o664, 7)}))
    modes = {entry.path: (entry.mode, entry.uid) for entry in found if isinstance(entry, File)}
    assert modes == {
        "etc/passwd": (0o664, 7),
        "etc/group": (0o644, 0),
        "etc/shadow": (0o600, 0),
        "etc/gshadow": (0o644, 0),
    }
    assert text(found, "etc/passwd").splitlines()[-1].startswith("app:x:10001:")
    assert text(found, "etc/shadow").splitlines()[-1].startswith("app:!:")


def test_an_account_that_is_there() -> None:
    """With the same ids it is taken as it is; the layer is still an archive of something."""
    lower = layer_tar(files_of_a_base())
    found = entries(lower)
    upper = layer_tar({
        "etc/passwd": text(found, "etc/passwd").encode(),
        "etc/group": text(found, "etc/group").encode(),
        "home/app": None,
    })  # fmt: skip
    assert [entry.path for entry in entries(lower, upper)] == ["etc"]


def test_a_base_without_account_files() -> None:
    """They are made."""
    found = entries(layer_tar({"usr/bin/x": b""}))
    assert text(found, "etc/passwd").startswith("app:*:10001:10001:")


def test_clashes() -> None:
    """TB4214 for another account of that id, TB2275 for links in the place of files, TB5012 for another version."""
    taken = files_of_a_base() | {"etc/passwd": b"other:*:10001:10001::/:/bin/sh\n"}
    linked = files_of_a_base() | {"etc/passwd": "/usr/share/passwd"}
    away = files_of_a_base() | {"home": "/srv"}
    cases: tuple[tuple[Files, str], ...] = ((taken, "TB4214"), (linked, "TB2275"), (away, "TB2275"))
    for files, code in cases:
        with pytest.raises(BuildError) as caught:
            entries(layer_tar(files))
        assert caught.value.findings[0].code == code
    with pytest.raises(BuildError) as caught:
        entries(layer_tar({"opt/venv/x": b""}), places=("opt/venv",))
    assert caught.value.findings[0].code == "TB2275"
    with pytest.raises(BuildError) as caught:
        entries(layer_tar({}), version="accounts/0")
    assert caught.value.findings[0].code == "TB5012"


def test_no_home() -> None:
    """A service without a home gets none."""
    found = entries(layer_tar(files_of_a_base()), user=replace(USER, home="/nonexistent"))
    assert [entry.path for entry in found] == ["etc", "etc/group", "etc/passwd"]
