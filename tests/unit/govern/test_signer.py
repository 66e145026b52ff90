"""``govern.signer``: a program that signs; what it prints is believed only where it verifies."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import pytest

from twinbuild.errors import EnvironmentFault, PolicyRefused, UsageError
from twinbuild.govern.keys import PrivateKey, new_key
from twinbuild.govern.signer import CommandSigner, KeySigner
from twinbuild.process.runner import SubprocessRunner


def _signer(command: str, key: PrivateKey) -> CommandSigner:
    environment = (("PATH", "/usr/bin:/bin"),)
    return CommandSigner(command=command, public=key.public, runner=SubprocessRunner(), environment=environment)


def test_a_key() -> None:
    """The key itself."""
    key = new_key("ed25519")
    assert KeySigner(key).public == key.public
    assert key.public.verifies(b"message", KeySigner(key).sign(b"message"))


def test_a_program(tmp_path: Path) -> None:
    """openssl, as somebody's program that holds the key; words with blanks are quoted as for a shell."""
    key = new_key("ecdsa")
    path = tmp_path / "a key"
    path.write_bytes(key.pem(None))
    signer = _signer(f"openssl dgst -sha256 -sign '{path}'", key)
    assert key.public.verifies(b"message", signer.sign(b"message"))


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("cat", "printed 7 bytes, no signature of this key"),
        ("true", "printed 0 bytes"),
        (f"{shlex.quote(sys.executable)} -c 'import sys; sys.exit(\"no token\")'", "ended with 1 and said 'no token'"),
        ("false", "ended with 1 and said 'nothing'"),
    ],
)
def test_no_signature(command: str, said: str) -> None:
    """What is no signature of this key is refused, with what the program said."""
    with pytest.raises(PolicyRefused, match="TB8616") as caught:
        _signer(command, new_key("ecdsa")).sign(b"message")
    assert said in caught.value.findings[0].message


@pytest.mark.parametrize("command", ["", "  ", "sign 'with a quote"])
def test_no_command(command: str) -> None:
    """A command that is none is a matter of usage."""
    with pytest.raises(UsageError, match="TB8615"):
        _signer(command, new_key("ecdsa")).sign(b"message")


def test_a_program_that_is_not_there() -> None:
    """As for every program."""
    with pytest.raises(EnvironmentFault, match="TB5901"):
        _signer("/nonexistent/signer", new_key("ecdsa")).sign(b"message")
