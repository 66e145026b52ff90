"""What every file of signatures in JSON is read by: bounded, without a byte order mark, strict JSON, or refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from twinbuild.codec.amounts import counted
from twinbuild.codec.canonical import Json
from twinbuild.codec.jsontext import JsonProblem, parse_json
from twinbuild.codec.standard64 import decode_base64
from twinbuild.errors import Location, PolicyRefused

__all__ = ["LARGEST_SIGNATURE", "SignatureFile"]

LARGEST_SIGNATURE: Final = 16 << 20  # bytes of a file of signatures


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureFile:
    """A file by its name, and ``kind``, which it is meant to be: "DSSE envelope"."""

    name: str
    kind: str

    def value(self, content: bytes) -> Json:
        """The JSON value of the content. Raises PolicyRefused TB8611."""
        if len(content) > LARGEST_SIGNATURE:
            raise self.refused(f"it has {counted(len(content), 'byte')}, expected at most {LARGEST_SIGNATURE}")
        if content.startswith(b"\xef\xbb\xbf"):
            raise self.refused("it begins with a byte order mark")
        try:
            return parse_json(self.name, content)[0]
        except JsonProblem as problem:
            raise self.refused(problem.message) from None

    def bytes_of(self, value: object) -> bytes:
        """What a text in base64 stands for. Raises PolicyRefused TB8611."""
        content = decode_base64(value)
        if content is None:
            raise self.refused("expected base64 with its padding (RFC 4648, 4)")
        return content

    def refused(self, why: str) -> PolicyRefused:
        """What to raise for a file that is not of its kind."""
        return PolicyRefused.of(
            "TB8611",
            f"{self.name} is no {self.kind}: {why}",
            hint="take the release from where it was signed again",
            where=Location(file=self.name),
        )
