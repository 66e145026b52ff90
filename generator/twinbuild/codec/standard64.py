"""Base64 in documents: RFC 4648, section 4, with its padding, and one spelling for each text."""

from __future__ import annotations

import base64
import binascii

__all__ = ["decode_base64", "encode_base64"]


def encode_base64(content: bytes) -> str:
    """The text."""
    return base64.b64encode(content).decode("ascii")


def decode_base64(value: object) -> bytes | None:
    """The bytes; None for anything that ``encode_base64`` does not write."""
    if not isinstance(value, str):
        return None
    try:
        content = base64.b64decode(value.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError):
        return None
    return content if encode_base64(content) == value else None
