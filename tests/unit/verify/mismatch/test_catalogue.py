from __future__ import annotations

from twinbuild.verify.mismatch.catalogue import REMEDIES, cause


def test_a_cause_has_its_remedy() -> None:
    """The name decides the remedy, the case the words."""
    found = cause("umask", "words of the case")
    assert (found.name, found.explanation, found.remedy) == ("umask", "words of the case", REMEDIES["umask"])


def test_names_are_plain() -> None:
    """They are lower-case words with hyphens, for they stand in records and scripts."""
    assert all(name.replace("-", "").isalpha() and name.islower() for name in REMEDIES)
