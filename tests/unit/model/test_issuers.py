"""``model.issuers``: an issuer's key by its kid."""

from __future__ import annotations

from twinbuild.model.issuers import Issuer, IssuerKey


def test_key() -> None:
    """One, or none."""
    key = IssuerKey(kid="one", algorithm="ES256", pem="", since=0)
    issuer = Issuer(name="ci", url="https://x", audience="twinbuild", keys=(key,), since=0)
    assert (issuer.key("one"), issuer.key("two")) == (key, None)
