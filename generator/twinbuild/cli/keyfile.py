"""Where keys and passphrases come from: files, variables of the environment, the terminal. They are printed nowhere."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from twinbuild.errors import Location, UsageError
from twinbuild.model.settings import PASSPHRASE, without_keys

if TYPE_CHECKING:  # start-up is measured
    from twinbuild.govern.keys import PrivateKey, PublicKey
    from twinbuild.govern.signer import Signer

__all__ = ["PASSPHRASE", "passphrase_for", "private_key", "public_key", "signer_of"]

_LARGEST: Final = 64 << 10  # bytes of a key


def signer_of(key: str | None, command: str | None, public: Path | None, environment: Mapping[str, str]) -> Signer:
    """What signs: ``key`` (a file, or ``env:NAME``), or ``command`` with the public half of its key.

    Raises UsageError TB8001, TB8613, TB8614.
    """
    from twinbuild.govern.signer import CommandSigner, KeySigner
    from twinbuild.process.runner import SubprocessRunner

    if (key is None) == (command is None) or (command is None) != (public is None):
        raise UsageError.of(
            "TB8001",
            "expected --key, or --signer with --public",
            hint="name the key's file, or the program that signs and the public half of its key",
            where="--key",
        )
    if key is not None:
        return KeySigner(private_key(key, environment))
    assert command is not None
    assert public is not None
    return CommandSigner(
        command=command,
        public=public_key(public),
        runner=SubprocessRunner(limit=1 << 20),
        environment=tuple(sorted(without_keys(environment).items())),
    )


def public_key(path: Path) -> PublicKey:
    """The public key of a file. Raises UsageError TB8613."""
    from twinbuild.govern.keys import read_public

    _refuse_contents(str(path))
    return read_public(_read(path), name=str(path))


def private_key(reference: str, environment: Mapping[str, str]) -> PrivateKey:
    """The key of a file, or of a variable (``env:NAME``). Raises UsageError TB8613, TB8614."""
    from twinbuild.govern.keys import is_encrypted, read_private

    _refuse_contents(reference)
    if reference.startswith("env:"):
        content = environment.get(reference.removeprefix("env:"), "").encode("utf-8", "surrogateescape")
        if not content:
            raise _refused(reference, "is not set, or empty", "set the variable to the key in PEM")
    else:
        content = _read(Path(reference), private=True)
    passphrase = passphrase_for(reference, environment) if is_encrypted(content) else None
    return read_private(content, name=reference, passphrase=passphrase)


def passphrase_for(name: str, environment: Mapping[str, str], *, twice: bool = False) -> bytes | None:
    """The passphrase: of the environment, or asked for at a terminal; None where neither is there."""
    if stated := environment.get(PASSPHRASE):
        return stated.encode("utf-8", "surrogateescape")
    if not sys.stdin.isatty():
        return None
    asked: str = click.prompt(f"Passphrase of {name}", hide_input=True, confirmation_prompt=twice, err=True)
    return asked.encode()


def _refuse_contents(reference: str) -> None:
    """Whoever gives the key itself, where its place is meant, does not find it in a log."""
    if "-----BEGIN" in reference or "PRIVATE KEY" in reference or "\n" in reference:
        raise UsageError.of(
            "TB8613",
            "got the text of a key, expected the name of its file",
            hint="name the file, or the variable that holds it (env:NAME); if a log has seen the key, make another one",
            where="--key",
        )


def _read(path: Path, *, private: bool = False) -> bytes:
    from twinbuild.govern.keys import is_encrypted

    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            content = file.read(_LARGEST + 1)
    except OSError as error:
        raise _refused(str(path), f"cannot be read: {error.strerror}", "name the file of a key in PEM") from error
    if len(content) > _LARGEST:
        raise _refused(str(path), f"has more than {_LARGEST} bytes", "name the file of a key in PEM")
    secret = b"PRIVATE KEY" in content and not is_encrypted(content)
    if private and stat.S_ISREG(mode) and mode & 0o077 and secret:
        raise _refused(
            str(path),
            f"is a private key without a passphrase that others may read (mode {stat.S_IMODE(mode):04o})",
            f"run `chmod 600 {path}`; if somebody else could have read it, make another key",
        )
    return content


def _refused(name: str, why: str, hint: str) -> UsageError:
    return UsageError.of("TB8613", f"{name} {why}", hint=hint, where=Location(file=name))
