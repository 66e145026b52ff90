"""A trust root on disk: ``1.root.json``, ``2.root.json``, … and the policies that they name, read and verified.

It lies outside of what is judged. ``N.draft.json`` is a document that has not been signed enough; no one judges by it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from twinbuild.codec.dsse import Envelope
from twinbuild.codec.trustroot import LARGEST_ROOT, decode_root_envelope
from twinbuild.errors import Location, PolicyRefused, UsageError
from twinbuild.govern.rooted import check_chain, check_fresh
from twinbuild.model.digest import Digest
from twinbuild.model.trust import TrustRoot
from twinbuild.pipeline.governing.remembered import remember
from twinbuild.pipeline.regular import Irregular, Missing, read_regular

__all__ = ["Pin", "Trusted", "document_path", "open_trust", "policy_bytes", "read_chain", "read_policy"]

_MOST: Final = 100_000  # documents
_LARGEST_POLICY: Final = 256 << 10  # bytes
_PIN: Final = re.compile(r"([1-9][0-9]{0,8})(?:@sha256:([0-9a-f]{64}))?", re.ASCII)
_DOCUMENT: Final = re.compile(r"([1-9][0-9]{0,8})\.root\.json", re.ASCII)
_AGAIN: Final = "take the trust root from whom you trust again"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """The oldest version that is taken; with a digest, that of this version's document."""

    version: int
    sha256: str = ""

    @classmethod
    def parse(cls, text: str) -> Pin:
        """``N`` or ``N@sha256:HEX``. Raises UsageError TB8001."""
        found = _PIN.fullmatch(text)
        if found is None:
            message = f"got {text[:80]!r}, expected a number, or NUMBER@sha256:DIGEST"
            hint = "`twinbuild trust show` prints both"
            raise UsageError.of("TB8001", message, hint=hint, where="--trust-version")
        return cls(version=int(found[1]), sha256=found[2] or "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Trusted:
    """A trust root that was verified: its newest document, the digests of that and the first one, and its policy.

    ``policy`` are the bytes of the file that the document names, b"" where it names none; ``remembered`` says whether
    this machine would know an older one again. ``chain`` are all documents, oldest first, with their digests.
    """

    directory: Path
    root: TrustRoot
    digest: Digest
    identity: Digest
    policy: bytes
    remembered: bool
    chain: tuple[tuple[Digest, TrustRoot], ...]

    @property
    def policy_name(self) -> str:
        """The policy's file, for messages."""
        return str(self.directory / self.root.policy.file) if self.root.policy is not None else ""


def document_path(directory: Path, version: int, *, draft: bool = False) -> Path:
    """Where the document of a version lies."""
    return directory / f"{version}.{'draft' if draft else 'root'}.json"


def open_trust(directory: Path, *, state: Path, now: int, pin: Pin | None = None) -> Trusted:
    """The trust root of a directory, verified and compared with what was seen of it before.

    Raises UsageError TB8800 where none is; PolicyRefused TB8801 and TB8802 for documents that are none or that too few
    people signed, TB8803 for an expired one, TB8804 and TB8805 for an older or another one than was seen or pinned,
    TB8806 for another policy than it names.
    """
    chain = read_chain(directory)
    root = check_chain(chain)
    name, envelope, _ = chain[-1]
    digests = [Digest.of(each.payload) for _, each, _ in chain]
    _check_pin(chain, digests, pin)
    policy = read_policy(directory, root)
    check_fresh(root, now, name=name)
    remembered = remember(state, place=directory.resolve(), documents=[each.hex for each in digests])
    assert Digest.of(envelope.payload) == digests[-1]
    return Trusted(
        directory=directory,
        root=root,
        digest=digests[-1],
        identity=digests[0],
        policy=policy,
        remembered=remembered,
        chain=tuple(zip(digests, (root for _, _, root in chain), strict=True)),
    )


def read_chain(directory: Path) -> list[tuple[str, Envelope, TrustRoot]]:
    """The documents as (name, envelope, document), version 1 first; nothing is verified. Raises as ``open_trust``."""
    found: list[tuple[str, Envelope, TrustRoot]] = []
    while len(found) < _MOST:
        path = document_path(directory, len(found) + 1)
        try:
            content = read_regular(path, LARGEST_ROOT)
        except Missing:
            break
        except Irregular as error:
            message = f"{path.name} {error}"
            raise PolicyRefused.of("TB8801", message, hint=_AGAIN, where=Location(file=str(path))) from None
        found.append((str(path), *decode_root_envelope(content, name=str(path))))
    if not found:
        raise UsageError.of(
            "TB8800",
            f"{directory} is no trust root: 1.root.json is not there",
            hint="name the directory of a trust root; `twinbuild trust init` begins one",
            where=str(directory),
        )
    _refuse_gap(directory, len(found))
    return found


def _refuse_gap(directory: Path, count: int) -> None:
    """A later document shows that one is missing: without it, what follows would be passed over in silence."""
    later = [int(match[1]) for path in directory.iterdir() if (match := _DOCUMENT.fullmatch(path.name))]
    if later and max(later) > count:
        raise PolicyRefused.of(
            "TB8801",
            f"{count + 1}.root.json is missing, and {max(later)}.root.json is there",
            hint=_AGAIN,
            where=Location(file=str(document_path(directory, count + 1))),
        )


def read_policy(directory: Path, root: TrustRoot) -> bytes:
    """The policy that a document names, b"" where it names none. Raises PolicyRefused TB8806 for any other."""
    if root.policy is None:
        return b""
    path = directory / root.policy.file
    try:
        content, why = read_regular(path, _LARGEST_POLICY), ""
    except Irregular as error:
        content, why = b"", str(error)
    digest = Digest.of(content).hex
    if why or digest != root.policy.sha256:
        why = why or f"has sha256:{digest}, expected sha256:{root.policy.sha256}"
        raise PolicyRefused.of(
            "TB8806",
            f"the policy is not the one that was signed: {path.name} {why}",
            hint=f"{_AGAIN}; a changed policy counts once it is signed: `twinbuild trust update --policy FILE`",
            where=Location(file=str(path)),
        )
    return content


def policy_bytes(path: Path) -> bytes:
    """A policy that somebody wrote. Raises UsageError TB8001."""
    try:
        return read_regular(path, _LARGEST_POLICY, follow=True)
    except Irregular as error:
        hint = "name the file of a policy"
        raise UsageError.of("TB8001", f"{path} {error}", hint=hint, where=Location(file=str(path))) from None


def _check_pin(chain: list[tuple[str, Envelope, TrustRoot]], digests: list[Digest], pin: Pin | None) -> None:
    if pin is None:
        return
    if len(chain) < pin.version:
        raise PolicyRefused.of(
            "TB8804",
            f"the trust root has version {len(chain)}, expected {pin.version} or a later one",
            hint="get the newest trust root from whom you trust",
            where=Location(file=chain[-1][0]),
        )
    if pin.sha256 and digests[pin.version - 1].hex != pin.sha256:
        name = chain[pin.version - 1][0]
        raise PolicyRefused.of(
            "TB8805",
            f"{name} has {digests[pin.version - 1]}, expected sha256:{pin.sha256}",
            hint="this is another trust root: get yours from whom you trust",
            where=Location(file=name),
        )
