"""Say that a secret was changed: a signed statement beside the trust root, of the reference and never of the secret."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from twinbuild.codec.acts import encode_rotation
from twinbuild.codec.mask import find_credentials
from twinbuild.errors import UsageError
from twinbuild.govern.acting import signed_act
from twinbuild.govern.signer import Signer
from twinbuild.model.acts import Rotation
from twinbuild.model.digest import Digest
from twinbuild.pipeline.governing.knowing import ROTATIONS
from twinbuild.pipeline.governing.trustdir import read_chain
from twinbuild.pipeline.output import write_file

__all__ = ["say_rotated"]

_REFERENCE: Final = re.compile(r"[a-z][a-z0-9-]{0,40}:[!-~]{1,500}", re.ASCII)


def say_rotated(directory: Path, reference: str, signer: Signer, *, at: int, now: int) -> Path:
    """Sign that the secret of a reference (``PROVIDER:REFERENCE``) was changed, and write that; the file.

    Raises UsageError TB8001 for a reference that is none or that looks like a secret itself, and for a time to come;
    TB8800 where no trust root is.
    """
    read_chain(directory)
    if not _REFERENCE.fullmatch(reference) or find_credentials(reference):
        hint = "give the reference as the spec has it, never the secret: vault:risk/scorer#token"
        raise UsageError.of("TB8001", "expected PROVIDER:REFERENCE of a secret", hint=hint, where="REFERENCE")
    if at > now:
        raise UsageError.of("TB8001", "got a time to come", hint="say when it was changed", where="--at")
    name = f"{Digest.of(reference.encode()).hex}.{signer.public.keyid}.dsse.json"
    path = directory / ROTATIONS / name
    write_file(path, signed_act(encode_rotation(Rotation(reference=reference, time=at)), signer))
    return path
