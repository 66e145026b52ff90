"""Rules about encryption: what is seen to be encrypted, what is not, and for what somebody vouches.

A declaration holds for what nobody can see; it does not make good what is seen to be plain. That takes an exception.
"""

from __future__ import annotations

from collections.abc import Iterator

from twinbuild.model.governed import Facts, Verdict
from twinbuild.model.policy import Declared, Requirement
from twinbuild.model.spec.values import epoch

__all__ = ["judge_encryption"]

_FEW = 5  # addresses in a reason


def judge_encryption(rule: Requirement, facts: Facts, at: int, where: tuple[int | str, ...]) -> Iterator[Verdict]:
    """A verdict for each kind of connection or place that a requirement wants to be encrypted."""
    for kind in rule.encryption:
        plain = [address for what, address in facts.plain if what == kind]
        unclear, declared = _unclear(rule, kind, facts, at)
        seen = [how for what, how in facts.encrypted if what == kind]
        name, path = f"{rule.name}/encryption-{kind}", (*where, "encryption")
        if plain or unclear:
            reasons = [f"{_few(plain)} without encryption"] if plain else []
            reasons += [f"nobody can tell of {_few(unclear)}"] if unclear else []
            yield Verdict(
                rule=name,
                verdict="refused",
                reason="; ".join(reasons),
                code="TB8839" if plain else "TB8880",
                remedy=_remedy(kind, plain=bool(plain)),
                path=path,
            )
        else:
            fine = f"{kind}: nothing is reached without encryption" if kind != "archive" else "archive: encrypted"
            yield Verdict(rule=name, verdict="passed", reason="; ".join([fine, *seen, *declared]), path=path)


def _unclear(rule: Requirement, kind: str, facts: Facts, at: int) -> tuple[list[str], list[str]]:
    """What nobody can tell of, and who vouches for the rest."""
    unclear, declared = [], []
    for what, address, why in facts.unclear:
        if what != kind:
            continue
        found = next(
            (each for each in rule.declared_encrypted if _about(each, address) and at < epoch(each.until)), None
        )
        if found is not None:
            declared.append(f"{address} is declared to be by {found.by} ({found.reason})")
        else:
            ended = any(_about(each, address) for each in rule.declared_encrypted)
            unclear.append(f"{address} ({why}{'; a declaration has ended' if ended else ''})")
    return unclear, declared


def _about(declared: Declared, address: str) -> bool:
    """A star is behind a slash (``Declared``): what follows lies below, unless it leads up again."""
    what = declared.what
    if not what.endswith("*"):
        return address == what
    return address.startswith(what[:-1]) and ".." not in address[len(what) - 1 :].split("/")


def _remedy(kind: str, *, plain: bool) -> str:
    if kind == "archive":
        move = "move it to an encrypted volume (dm-crypt, fscrypt)"
        return move if plain else f"{move}, name it with --archive, or let the policy say who vouches for it"
    if plain:
        return "give addresses that begin with https:// (or another form with TLS)"
    return "give an address whose form says it, or let the policy say who vouches for it: declared_encrypted"


def _few(names: list[str]) -> str:
    more = f" and {len(names) - _FEW} more" if len(names) > _FEW else ""
    return ", ".join(names[:_FEW]) + more
