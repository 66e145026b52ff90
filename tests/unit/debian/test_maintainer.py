"""``debian.maintainer``: name and address of the field Maintainer, whatever it holds."""

from __future__ import annotations

import pytest

from twinbuild.debian.maintainer import maintainer_address, maintainer_name


@pytest.mark.parametrize(
    ("field", "name", "address"),
    [
        ("Mark Brown <broonie@debian.org>", "Mark Brown", "broonie@debian.org"),
        ('"A, Team" <team@lists.example>', "A, Team", "team@lists.example"),
        ("Nobody", "Nobody", ""),
        ("<only@address.example>", "", "only@address.example"),
        ("Two\n <one@a.example> <two@b.example>", "Two", "one@a.example"),
        ("Bad <a b@c> <d@e f>", "Bad", ""),
        ("x" * 501 + " <a@b>", "", "a@b"),
        ("\x1b[31mred\u202e <a@b>", "\ufffd[31mred\ufffd", "a@b"),
        ("", "", ""),
    ],
)
def test_parts(field: str, name: str, address: str) -> None:
    """The name is one line without what nobody sees; an address has one sign and no blanks."""
    assert (maintainer_name(field), maintainer_address(field)) == (name, address)
