"""What signs: a private key at hand, or a program that holds one (an HSM's, a cloud's, an agent's)."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import Protocol

from twinbuild.codec.amounts import counted
from twinbuild.errors import PolicyRefused, UsageError
from twinbuild.govern.keys import PrivateKey, PublicKey
from twinbuild.ports import Runner

__all__ = ["CommandSigner", "KeySigner", "Signer"]

_PATIENCE = 120.0  # seconds: somebody may have to touch a token


class Signer(Protocol):
    """Signs messages with the key whose public half it names."""

    @property
    def public(self) -> PublicKey:
        """The key that verifies its signatures."""

    def sign(self, message: bytes) -> bytes:
        """The signature of a message. Raises EnvironmentFault TB59xx, PolicyRefused TB8616."""


class KeySigner:
    """Signs with a private key that was read."""

    def __init__(self, key: PrivateKey) -> None:
        self._key = key
        self.public = key.public

    def sign(self, message: bytes) -> bytes:
        """The signature of a message."""
        return self._key.sign(message)


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandSigner:
    """Signs with a program: the message is its standard input, the signature (raw or DER) its standard output.

    What it prints is verified at once, so that a program with another key is found here and not by a reader.
    """

    command: str
    public: PublicKey
    runner: Runner
    environment: tuple[tuple[str, str], ...]

    def sign(self, message: bytes) -> bytes:
        """The signature of a message. Raises EnvironmentFault TB59xx, UsageError TB8615, PolicyRefused TB8616."""
        try:
            words = tuple(shlex.split(self.command))
        except ValueError as error:
            words, why = (), f": {error}"
        else:
            why = ""
        if not words:
            message_ = f"the signer {self.command[:80]!r} is no command{why}"
            raise UsageError.of("TB8615", message_, hint="name a program and its arguments", where="--signer")
        completed = self.runner.run(words, environment=self.environment, stdin=message, timeout=_PATIENCE)
        if completed.status != 0:
            said = completed.stderr.decode("utf-8", "replace").strip().splitlines()[-1:] or ["nothing"]
            raise PolicyRefused.of(
                "TB8616",
                f"the signer {words[0]!r} ended with {completed.status} and said {said[0][:200]!r}",
                hint="run it by hand with the same input; it must print the signature and end with 0",
                where="--signer",
            )
        if not self.public.verifies(message, completed.stdout):
            raise PolicyRefused.of(
                "TB8616",
                f"the signer {words[0]!r} printed {counted(len(completed.stdout), 'byte')}, no signature of this key",
                hint="give the public half of the key that it signs with; it must print the plain signature",
                where="--signer",
            )
        return completed.stdout
