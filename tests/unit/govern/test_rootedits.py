"""``govern.rootedits``: what may become of a document, and what may not."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from fakes.governed import NOW, YEAR
from twinbuild.errors import UsageError
from twinbuild.govern.keys import new_key
from twinbuild.govern.rootedits import checked, first_root, next_root, with_key, with_role, with_rotated, without_key
from twinbuild.model.trust import Revocation, TrustRoot

ADA, GRACE, NEW = (new_key("ed25519").public for _ in range(3))
ROOT = with_role(
    with_key(first_root([("ada", ADA)], threshold=1, now=NOW, expires=NOW + YEAR), "grace", GRACE, since=NOW),
    "approver",
    ("ada", GRACE.keyid),
    2,
)


def test_roles() -> None:
    """By people and by keys; in the place of an older one; without anybody it goes."""
    assert ROOT.roles_of(GRACE.keyid) == ("approver",)
    assert with_role(ROOT, "approver", ("grace",), 1).roles_of(ADA.keyid) == ("root",)
    assert with_role(ROOT, "approver", (), 1).role("approver") is None


def test_rotated() -> None:
    """The new key has the old one's roles, the old one ends."""
    found = checked(with_rotated(next_root(ROOT, now=NOW + 9), ADA.keyid[:12], NEW, now=NOW + 9, until=NOW + 20))
    old, new = found.key(ADA.keyid), found.key(NEW.keyid)
    assert old is not None
    assert new is not None
    assert (old.until, new.who, new.since, found.roles_of(NEW.keyid)) == (
        NOW + 20,
        "ada",
        NOW + 9,
        ("approver", "root"),
    )
    again = with_rotated(found, NEW.keyid, new_key("ed25519").public, now=NOW + 30, until=NOW + 30)
    assert again.version == 2


def test_revoked() -> None:
    """With its reason; earlier, but not later again."""
    found = checked(without_key(ROOT, GRACE.keyid, at=NOW + 5, reason="lost"))
    key = found.key(GRACE.keyid)
    assert key is not None
    assert key.revoked == Revocation(at=NOW + 5, reason="lost")
    assert without_key(found, GRACE.keyid, at=NOW, reason="stolen").key(GRACE.keyid) is not None


@pytest.mark.parametrize(
    "edit",
    [
        lambda root: with_key(root, "eve", ADA, since=NOW),
        lambda root: with_role(root, "Bad Name", ("ada",), 1),
        lambda root: with_role(root, "x", ("nobody",), 1),
        lambda root: with_role(root, "x", ("ada",), 2),
        lambda root: with_role(root, "x", ("ada", ADA.keyid), 2),
        lambda root: with_rotated(root, "f" * 64, NEW, now=NOW, until=NOW),
        lambda root: with_rotated(root, "ada", NEW, now=NOW, until=NOW),
        lambda root: with_rotated(root, ADA.keyid, GRACE, now=NOW + 5, until=NOW + 5),
        lambda root: without_key(root, "f" * 64, at=NOW, reason="x"),
        lambda root: checked(without_key(root, ADA.keyid, at=NOW, reason="the only one")),
        lambda root: checked(without_key(root, GRACE.keyid, at=NOW, reason="")),
        lambda root: checked(with_role(root, "root", (), 1)),
        lambda root: without_key(without_key(root, GRACE.keyid, at=NOW, reason="x"), GRACE.keyid, at=NOW, reason="x"),
        lambda root: with_rotated(
            without_key(root, GRACE.keyid, at=NOW, reason="x"), GRACE.keyid, NEW, now=NOW, until=NOW
        ),
    ],
)
def test_refused(edit: Callable[[TrustRoot], TrustRoot]) -> None:
    """Keys twice, people without keys, roles that nobody could fulfil, a root that nobody could sign."""
    with pytest.raises(UsageError) as raised:
        edit(ROOT)
    assert raised.value.findings[0].code == "TB8809"
