"""``cli.tokenfile``: a file or a variable, without blanks around it; a token itself is refused and not repeated."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from twinbuild.cli.tokenfile import token_given
from twinbuild.errors import UsageError

_TOKEN = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJ4In0.AAAA"


def test_given(tmp_path: Path) -> None:
    """As an issuer's answer is saved: with a line end."""
    path = tmp_path / "token"
    path.write_text(f"{_TOKEN}\n")
    assert token_given(str(path), {}) == token_given("env:T", {"T": f"{_TOKEN} "}) == _TOKEN.encode()


def test_refused(tmp_path: Path) -> None:
    """A pipe that nobody writes to is not waited for."""
    os.mkfifo(tmp_path / "pipe")
    for reference in (str(tmp_path), str(tmp_path / "none"), str(tmp_path / "pipe"), "env:T", "env:", _TOKEN):
        with pytest.raises(UsageError) as raised:
            token_given(reference, {"T": " "})
        (finding,) = raised.value.findings
        assert (finding.code, "eyJ" in finding.message + finding.hint) == ("TB8877", False)
