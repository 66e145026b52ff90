"""Base scores of CVSS vectors: 3.0 and 3.1 by formula (FIRST, "CVSS v3.1 Specification Document", 7.1); of 4.0, too."""

from __future__ import annotations

from typing import Final

from twinbuild.codec.cvss4 import score_of_4
from twinbuild.model.vulnerability import Level

__all__ = ["level_of", "score_of"]

_ATTACK: Final = {
    "AV": {"N": 0.85, "A": 0.62, "L": 0.55, "P": 0.2},
    "AC": {"L": 0.77, "H": 0.44},
    "UI": {"N": 0.85, "R": 0.62},
}
_PRIVILEGES: Final = {"U": {"N": 0.85, "L": 0.62, "H": 0.27}, "C": {"N": 0.85, "L": 0.68, "H": 0.5}}
_IMPACT: Final = {"H": 0.56, "L": 0.22, "N": 0.0}
_LONGEST: Final = 400


def score_of(vector: str) -> float | None:
    """The base score of a vector of CVSS 3 or 4; None for another version, and for what is no vector."""
    if len(vector) > _LONGEST:
        return None
    version, _, rest = vector.partition("/")
    pairs = [part.partition(":") for part in rest.split("/")]
    metrics = {name: value for name, _, value in pairs}
    if len(metrics) != len(pairs):
        return None
    try:
        match version:
            case "CVSS:3.0" | "CVSS:3.1":
                return _three(metrics)
            case "CVSS:4.0":
                return score_of_4(metrics)
    except KeyError:
        return None
    return None


def level_of(score: float) -> Level:
    """The qualitative rating of a score (CVSS v3.1, 5; v4.0, 6)."""
    for level, least in (("critical", 9.0), ("high", 7.0), ("medium", 4.0), ("low", 0.1)):
        if score >= least:
            return level  # type: ignore[return-value]
    return "none"


def _three(metrics: dict[str, str]) -> float:
    changed = {"U": False, "C": True}[metrics["S"]]
    exploitability = 8.22 * _PRIVILEGES[metrics["S"]][metrics["PR"]]
    for name, values in _ATTACK.items():
        exploitability *= values[metrics[name]]
    kept = 1.0
    for name in ("C", "I", "A"):
        kept *= 1 - _IMPACT[metrics[name]]
    base = 1 - kept
    impact = 7.52 * (base - 0.029) - 3.25 * (base - 0.02) ** 15 if changed else 6.42 * base
    if impact <= 0:
        return 0.0
    total = (1.08 if changed else 1.0) * (impact + exploitability)
    # Rounded up to one decimal place, in whole numbers as 3.1 says (appendix A): 4.000000000000001 stays 4.0.
    return -(-round(min(total, 10.0) * 100_000) // 10_000) / 10
