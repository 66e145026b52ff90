"""Where tokens of OpenID Connect come from: a file or a variable of the environment. They are printed nowhere."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from twinbuild.errors import Location, UsageError

__all__ = ["token_given"]


def token_given(reference: str, environment: Mapping[str, str]) -> bytes:
    """The token of a file, or of a variable (``env:NAME``), without blanks around it. Raises UsageError TB8877."""
    from twinbuild.codec.tokens.compact import LARGEST_TOKEN, looks_like_token
    from twinbuild.pipeline.regular import Irregular, read_regular

    if looks_like_token(reference):
        raise UsageError.of(
            "TB8877",
            "got a token, expected the name of its file",
            hint="name the file, or the variable that holds it (env:NAME); others could see it: have a new one issued",
            where="--token",
        )
    if reference.startswith("env:"):
        content = environment.get(reference.removeprefix("env:"), "").encode("utf-8", "surrogateescape")
        if not content.strip():
            hint = "set the variable to the token"
            raise UsageError.of("TB8877", f"{reference} is not set, or empty", hint=hint, where="--token")
        return content.strip()
    try:
        return read_regular(Path(reference), LARGEST_TOKEN + 2, follow=True).strip()
    except Irregular as error:
        where = Location(file=reference)
        hint = "name the file that has the token, or the variable (env:NAME)"
        raise UsageError.of("TB8877", f"{reference} {error}", hint=hint, where=where) from None
