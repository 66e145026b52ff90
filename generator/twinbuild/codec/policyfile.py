"""``policy.yaml`` to an OrganisationPolicy, with every finding at its place."""

from __future__ import annotations

from twinbuild.codec.section import LoadedSection, load_section
from twinbuild.codec.yaml import SourceText
from twinbuild.errors import Finding, PolicyRefused
from twinbuild.model.policy import OrganisationPolicy
from twinbuild.model.trust import TrustRoot

__all__ = ["LoadedPolicy", "check_roles", "load_policy"]

LoadedPolicy = LoadedSection[OrganisationPolicy]


def load_policy(source: SourceText) -> LoadedPolicy:
    """The policy of a file. Raises SpecError with all findings: TB10xx of the text, or else TB11xx of the values."""
    return load_section(source, OrganisationPolicy, begin="apiVersion: twinbuild/policy/v1")


def check_roles(policy: LoadedPolicy, root: TrustRoot) -> None:
    """Let a policy pass whose roles the trust root has. Raises PolicyRefused TB8820 for each that it lacks."""
    named: list[tuple[tuple[int | str, ...], str]] = [
        (("allow", index, "roles", at), role)
        for index, rule in enumerate(policy.value.allow)
        for at, role in enumerate(rule.roles)
    ]
    named += [
        (("require", index, "signatures", at, "role"), each.role)
        for index, rule in enumerate(policy.value.require)
        for at, each in enumerate(rule.signatures)
    ]
    known = ", ".join(role.name for role in root.roles)
    findings = tuple(
        Finding(
            code="TB8820",
            message=f"the trust root has no role {role!r}",
            hint=f"add it with `twinbuild trust update --role {role}=WHO`, or name one of {known}",
            where=policy.where(*path),
        )
        for path, role in named
        if root.role(role) is None
    )
    if findings:
        raise PolicyRefused(findings)
