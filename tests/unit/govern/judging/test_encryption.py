"""``govern.judging.encryption``: plain is refused, unclear is refused unless somebody vouches for it, for a while."""

from __future__ import annotations

import pytest

from fakes.governed import NOW, facts, policy
from twinbuild.govern.judging.encryption import judge_encryption

_TEXT = """\
    encryption: [services, archive]
    declared_encrypted:
      - {what: "s3://models/*", by: platform, reason: TLS by the bucket's policy, until: 2028-01-01}
      - {what: "/srv/archive", by: storage, reason: The array encrypts., until: 2028-01-01}
      - {what: "gs://old", by: nobody, reason: It was., until: 2020-01-01}
"""
_PLAIN = ("services", "http://x")
_SEEN = ("archive", "dm-crypt (CRYPT-LUKS2), below ext4")


def _unclear(address: str, kind: str = "services") -> tuple[str, str, str]:
    return kind, address, "nothing says"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, ("passed", "", "services: nothing is reached without encryption")),
        ({"plain": (_PLAIN,)}, ("refused", "TB8839", "http://x without encryption")),
        ({"plain": (("monitoring", "http://x"),)}, ("passed", "", "services: nothing")),
        (
            {"unclear": (_unclear("s3://other/x"),)},
            ("refused", "TB8880", "can tell of s3://other/x (nothing says)"),
        ),
        (
            {"unclear": (_unclear("s3://models/x"),)},
            ("passed", "", "s3://models/x is declared to be by platform"),
        ),
        ({"unclear": (_unclear("s3://models-of-eve/x"),)}, ("refused", "TB8880", "(nothing says)")),
        ({"unclear": (_unclear("s3://models/a/../../eve"),)}, ("refused", "TB8880", "(nothing says)")),
        ({"unclear": (_unclear("gs://old"),)}, ("refused", "TB8880", "a declaration has ended")),
        ({"unclear": (_unclear("gs://old/x"),)}, ("refused", "TB8880", "(nothing says)")),
        ({"plain": (("services", "s3://models/x"),)}, ("refused", "TB8839", "s3://models/x without encryption")),
        (
            {"plain": (_PLAIN,), "unclear": (_unclear("x://y"),)},
            ("refused", "TB8839", "http://x without encryption; nobody can tell of x://y"),
        ),
    ],
)
def test_services(changes: dict[str, object], said: tuple[str, str, str]) -> None:
    """A declaration makes nothing of what is seen to be plain."""
    found, _ = judge_encryption(policy(_TEXT).require[0], facts(**changes), NOW, ("require", 0))
    verdict, code, reason = said
    assert (found.verdict, found.code, reason in found.reason) == (verdict, code, True), found.reason


def test_archive() -> None:
    """What is seen is said; what is declared as well."""
    rule = policy(_TEXT).require[0]
    assert list(judge_encryption(rule, facts(encrypted=(_SEEN,)), NOW, ()))[1].reason == (
        "archive: encrypted; dm-crypt (CRYPT-LUKS2), below ext4"
    )
    (_, declared) = judge_encryption(rule, facts(unclear=(_unclear("/srv/archive", "archive"),)), NOW, ())
    assert (declared.verdict, "declared to be by storage" in declared.reason) == ("passed", True)
    (_, other) = judge_encryption(rule, facts(unclear=(_unclear("/srv/archive2", "archive"),)), NOW, ())
    assert (other.code, "dm-crypt" in other.remedy) == ("TB8880", True)
