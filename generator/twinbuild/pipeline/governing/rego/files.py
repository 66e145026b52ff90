"""The files of Rego that a policy names: where somebody wrote them, and as they lie in a trust root.

A policy names each by its SHA-256, so that whoever signs the policy signs them. In a trust root they lie beside it,
under its number: ``2.policy.yaml``, ``2.licences.rego``.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from twinbuild.codec.policyfile import LoadedPolicy
from twinbuild.codec.rego.syntax import NoPackage, package_of
from twinbuild.errors import Finding, Location, PolicyRefused
from twinbuild.model.digest import Digest
from twinbuild.model.policy import RegoFile, RegoRules
from twinbuild.pipeline.regular import Irregular, read_regular

__all__ = ["RegoSource", "name_in_trust", "read_sources"]

_LARGEST: Final = 256 << 10  # bytes of a file


@dataclass(frozen=True, slots=True, kw_only=True)
class RegoSource:
    """A file as it was read and found to be the one that is named; ``decides``: it is no library."""

    file: str
    path: Path
    text: str
    package: tuple[str, ...]
    decides: bool


def name_in_trust(policy_file: str, file: str) -> str:
    """What a file is called beside the policy of a trust root (``N.policy.yaml``)."""
    return f"{policy_file.partition('.')[0]}.{file}"


def read_sources(
    policy: LoadedPolicy, rules: RegoRules, index: int, directory: Path, *, beside: str = ""
) -> tuple[RegoSource, ...]:
    """The files of one section, in the directory of the policy; ``beside`` is its file in a trust root.

    Raises PolicyRefused TB8897 for each that is not there as it is named, TB8892 for one that is no text or no package.
    """
    found: list[RegoSource] = []
    findings: list[Finding] = []
    for key in ("files", "libraries"):
        for at, each in enumerate(getattr(rules, key)):
            path = directory / (name_in_trust(beside, each.file) if beside else each.file)
            where = policy.where("rego", index, key, at, "sha256")
            source = _read(each, path, where, decides=key == "files", signed=bool(beside))
            if isinstance(source, Finding):
                findings.append(source)
            else:
                found.append(source)
    if findings:
        raise PolicyRefused(tuple(findings))
    return tuple(found)


def _read(each: RegoFile, path: Path, where: Location, *, decides: bool, signed: bool) -> RegoSource | Finding:
    try:
        content, why = read_regular(path, _LARGEST), ""
    except Irregular as error:
        content, why = b"", str(error)
    if why or Digest.of(content).hex != each.sha256:
        why = why or f"has sha256:{Digest.of(content).hex}, expected sha256:{each.sha256}"
        hint = "write its SHA-256 into the policy once you have read it"
        if signed:
            hint = "take the trust root from whom you trust again"
        message = f"the rules are not those that the policy names: {path.name} {why}"
        return Finding(code="TB8897", message=message, hint=hint, where=where)
    try:
        text = content.decode()
        package = package_of(text)
    except (UnicodeDecodeError, NoPackage) as error:
        why = "it is not UTF-8" if isinstance(error, UnicodeDecodeError) else "it does not begin with a package"
        return Finding(
            code="TB8892",
            message=f"this is not Rego: {why}",
            hint="begin with a line such as `package main`, names parted by dots",
            where=Location(file=str(path), line=1, column=1),
        )
    return RegoSource(file=each.file, path=path, text=text, package=package, decides=decides)
