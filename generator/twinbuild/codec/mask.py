"""Values that look like secrets: where they stand in a spec, and how every output hides them.

Three signs: the shape of a known kind of credential, anywhere in the text, comments included; credentials in an
address; and a key that says so (`password`, `api_key`, …; `token` and `key` only with a value that looks random, for
models have pad tokens). Digests, versions, paths and names of secrets are none of these.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from itertools import pairwise
from typing import Final

__all__ = ["assignment", "find_credentials", "looks_secret", "mask", "mask_path"]

_EDGE: Final = r"(?<![A-Za-z0-9_-])"  # a run begins once: no place is looked at twice
# Kind, what the text must hold (in lower case) for a closer look to be worth it, and the form.
_SHAPES: Final = tuple(
    (kind, tuple(triggers.split()), re.compile(form))
    for kind, triggers, form in (
        ("an AWS access key", "akia asia aroa aida", r"\b(?:AKIA|ASIA|AROA|AIDA)[0-9A-Z]{16}\b"),
        ("a private key", "-----begin", r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----"),
        ("a JSON web token", "eyj", _EDGE + r"eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]*"),
        ("a GitHub token", "gh", r"\bgh[pousr]_[A-Za-z0-9]{30,}|\bgithub_pat_[A-Za-z0-9_]{30,}"),
        ("a GitLab token", "gl", _EDGE + r"gl(?:pat|dt|rt|ptt)-[A-Za-z0-9_-]{20,}"),
        ("a Slack token", "xox", _EDGE + r"xox[abeoprs]-[A-Za-z0-9-]{10,}"),
        ("a Google key", "aiza", _EDGE + r"AIza[0-9A-Za-z_-]{35}"),
        ("a Hugging Face token", "hf_", r"\bhf_[A-Za-z0-9]{30,}"),
        ("a package index token", "pypi- npm_", _EDGE + r"pypi-[A-Za-z0-9_-]{50,}|\bnpm_[A-Za-z0-9]{36}"),
        (
            "an API key",
            "sk- sk_live rk_live",
            _EDGE + r"sk-(?=[A-Za-z0-9_-]{0,80}[0-9])(?=[A-Za-z0-9_-]{0,80}[A-Z])[A-Za-z0-9_-]{20,}"
            r"|\b[rs]k_live_[0-9A-Za-z]{16,}",
        ),
        ("a Vault token", "hvs. hvb.", _EDGE + r"hv[sb]\.[A-Za-z0-9_-]{20,}"),
        (
            "an authorization header",
            "bearer basic",
            r"(?i:\b(?:bearer|basic)\s{1,8}(?=\S{0,200}[0-9])[A-Za-z0-9._~+/-]{16,}=*)",
        ),
        (
            "credentials in an address",
            ":/",  # one slash: what is left of two where an address was taken for a path
            r"(?:(?<=://)|(?<=[A-Za-z]:/))[^\s/@:\"'<>{}]{1,1000}:[^\s/@\"'<>{}]{1,1000}(?=@)",
        ),
        (
            "a password",
            "password= passwd= secret= api_key= apikey=",
            r"(?i:(?<=password=)|(?<=passwd=)|(?<=secret=)|(?<=api_key=)|(?<=apikey=))[^\s\"'$<{&,]{4,}",
        ),
    )
)
_WORD: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_SECRET_WORDS: Final = frozenset(
    {"password", "passwd", "pwd", "passphrase", "secret", "credential", "credentials", "apikey"}
)
_SECRET_PAIRS: Final = frozenset(
    {"api key", "access key", "private key", "secret key", "auth key", "signing key", "account key"}
)
_MAYBE_WORDS: Final = frozenset({"token", "key", "auth", "bearer", "jwt", "pat"})
_ABOUT: Final = frozenset(  # a key that ends so says where or how, not what
    {"file", "path", "dir", "url", "uri", "name", "ref", "reference", "length", "policy", "provider", "type", "field"}
    | {"header", "ttl", "expiry", "rotation", "count", "size", "id", "ids", "limit", "enabled", "required"}
)
_IN_LINE: Final = re.compile(
    r"(?i:(?:password|(?<!/etc/)passwd|pwd(?!=/)|passphrase|secret|credentials?|token|api[_-]?key|access[_-]?key|private[_-]?key)"
    r"[\"']?\s*[:=]\s*[\"']?)(?P<value>[^\s\"',}\]]+)"
)
_RUN: Final = re.compile(r"[A-Za-z0-9+/=_-]{40,}")
_PIECE: Final = r"(?:[A-Z]?[a-z]+(?:[A-Z][a-z]+)?|[A-Z]+|[0-9]{1,4}|[a-z]{1,12}[0-9]{1,2}[a-z]{0,12})"
_WORDS: Final = re.compile(f"{_PIECE}(?:[-_]{_PIECE}){{2,}}", re.ASCII)
"""Words with hyphens between them, as names of licences are: chance does not write so."""
_ARGUMENT: Final = re.compile(r"-{0,2}([A-Za-z][A-Za-z0-9_.-]{0,60})=(\S+)", re.ASCII)


def assignment(text: str) -> tuple[str, str]:
    """Name and value of an argument such as ``--name=value``; two empty texts for anything else."""
    match = _ARGUMENT.fullmatch(text)
    return (match[1], match[2]) if match is not None else ("", "")


def find_credentials(text: str) -> list[tuple[int, str, str]]:
    """Position, kind and text of each credential of a known shape, in the order of the text."""
    return sorted(
        (match.start(), kind, match[0])
        for kind, form in _worth_a_look(text)
        for match in form.finditer(text)
        if not match[0].startswith(("${", "$("))
    )


def _worth_a_look(text: str) -> list[tuple[str, re.Pattern[str]]]:
    lower = text.lower()
    return [(kind, form) for kind, triggers, form in _SHAPES if any(trigger in lower for trigger in triggers)]


def looks_secret(key: str, value: str) -> bool:
    """Whether a value under such a key is to be taken for a secret."""
    words = [word.lower() for word in _WORD.findall(key)]
    if not words or words[-1] in _ABOUT or not value.strip() or value.startswith(("${", "$(", "<", "/")):
        return False
    pairs = {f"{first} {second}" for first, second in pairwise(words)}
    if _SECRET_WORDS & set(words) or _SECRET_PAIRS & pairs:
        return True
    return bool(_MAYBE_WORDS & set(words)) and _is_random(value)


def _is_random(value: str) -> bool:
    """Sixteen characters or more of mixed kinds, without the repetition that words have."""
    if len(value) < 16 or re.search(r"[\s/:]", value):
        return False
    if not (re.search(r"[0-9]", value) and re.search(r"[A-Za-z]", value)):
        return False
    counts = Counter(value)
    entropy = -sum(count / len(value) * math.log2(count / len(value)) for count in counts.values())
    return entropy >= 3.0


def mask(text: str, known: tuple[str, ...] = ()) -> str:
    """``text`` with each character of a secret as ``*``, so that columns stay where they are.

    ``known`` are secrets that were found elsewhere. In doubt it hides: this is for messages, not for values.
    """
    for secret in sorted(known, key=len, reverse=True):
        if len(secret) >= 3:
            text = text.replace(secret, "*" * len(secret))
    return _RUN.sub(_masked_run, _without_forms(text))


def mask_path(path: str) -> str:
    """``path`` with each character of a secret as ``*``: one that was given in a path's place.

    What looks random is looked for within each name of it, for the many names of a long path look so together.
    """
    return "/".join(_RUN.sub(_masked_run, name) for name in _without_forms(path).split("/"))


def _without_forms(text: str) -> str:
    for _, form in _worth_a_look(text):
        text = form.sub(lambda match: "*" * len(match[0]), text)
    return _IN_LINE.sub(
        lambda match: match[0][: match.start("value") - match.start()] + "*" * len(match["value"]), text
    )


def _masked_run(match: re.Match[str]) -> str:
    """A long run of base64, such as a line of a key; digests and names lack one of the three kinds, or are words."""
    run = match[0]
    if _WORDS.fullmatch(run):
        return run
    # A path from the root is looked at name by name, for its many names look random together.
    names = run.split("/") if run.startswith("/") else [run.replace("/", "")]
    return "*" * len(run) if any(map(_is_mixed, names)) else run


def _is_mixed(text: str) -> bool:
    return all(re.search(kind, text) for kind in ("[0-9]", "[a-z]", "[A-Z]")) and _is_random(text)
