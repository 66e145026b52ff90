"""A trust root with a policy, people with keys, and what is known of a release, to be judged."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from twinbuild.codec.policyfile import load_policy
from twinbuild.codec.yaml import SourceText
from twinbuild.govern.keys import PrivateKey, new_key
from twinbuild.govern.rootedits import first_root, with_key, with_role
from twinbuild.govern.signer import KeySigner
from twinbuild.model.acts import Promotion
from twinbuild.model.governed import Actor, Facts
from twinbuild.model.policy import OrganisationPolicy
from twinbuild.model.trust import TrustRoot
from twinbuild.pipeline.governing.drafting import begin_root, change_root, sign_draft
from twinbuild.pipeline.governing.trustdir import Trusted, open_trust

__all__ = ["FIRST_STEP", "NOW", "POLICY", "YEAR", "Organisation", "actor", "facts", "organisation", "policy"]

NOW: Final = 1_800_000_000  # 2027-01-15T08:00:00Z, a Friday
YEAR: Final = 365 * 86400
FIRST_STEP: Final = Promotion(
    release=f"sha256:{'1' * 64}",
    name="tiny",
    version="1",
    stage="production",
    action="promoted",
    number=1,
    previous="",
    time=NOW - 20,
    trust=f"sha256:{'b' * 64}",
    policy="c" * 64,
    schemas=("", ""),
)
POLICY: Final = """\
apiVersion: twinbuild/policy/v1
kind: Policy
allow:
  - {name: makers, may: [create, modify], roles: [creator]}
  - {name: reviewers, may: [approve], roles: [approver], stages: [production]}
  - {name: platform, may: [deploy], roles: [deployer], stages: [production]}
  - {name: vaults, may: [rotate], roles: [deployer]}
require:
  - name: needs
    stages: [production]
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Organisation:
    """Where its trust root lies, and everybody's keys: rosa and ruth have the role root."""

    directory: Path
    state: Path
    keys: dict[str, PrivateKey]

    def signer(self, who: str) -> KeySigner:
        """What signs for somebody."""
        return KeySigner(self.keys[who])

    def keyid(self, who: str) -> str:
        """The id of somebody's key."""
        return self.keys[who].public.keyid

    def change(self, edit: Any, *, now: int = NOW, policy: bytes = b"", by: tuple[str, ...] = ("rosa", "ruth")) -> None:
        """Put a changed document in force."""
        change_root(self.directory, edit, now=now, policy=lambda _: policy)
        for who in by:
            sign_draft(self.directory, self.signer(who))

    def open(self, *, now: int = NOW, **more: Any) -> Trusted:
        """The trust root, verified."""
        return open_trust(self.directory, state=self.state, now=now, **more)


def organisation(
    place: Path, *, keys: dict[str, PrivateKey] | None = None, text: str = POLICY, now: int = NOW
) -> Organisation:
    """Ada creates, grace (and ada) approve, linus deploys; bot keeps the audit log; two people sign documents."""
    names = ("rosa", "ruth", "ada", "grace", "linus", "bot")
    found = {name: (keys or {}).get(name) or new_key("ed25519") for name in names}
    made = Organisation(directory=place / "trust", state=place / "state", keys=found)
    root = first_root(
        [(name, found[name].public) for name in ("rosa", "ruth")], threshold=2, now=now - 100, expires=now + YEAR
    )

    begin_root(made.directory, root, policy=lambda _: b"")
    for who in ("rosa", "ruth"):
        sign_draft(made.directory, made.signer(who))

    def staffed(root: TrustRoot) -> TrustRoot:
        for name in names[2:]:
            root = with_key(root, name, found[name].public, since=now - 50)
        for role, people in {
            "creator": ("ada",),
            "approver": ("ada", "grace"),
            "deployer": ("linus",),
            "audit": ("bot",),
        }.items():
            root = with_role(root, role, people, 1)
        return root

    made.change(staffed, now=now - 50, policy=text.encode())
    return made


def policy(text: str) -> OrganisationPolicy:
    """The rules of a text that goes on where ``POLICY`` ends (in its requirement)."""
    return load_policy(SourceText(name="policy.yaml", content=(POLICY + text).encode())).value


def actor(who: str, *roles: str, since: int = NOW - 86400) -> Actor:
    """Somebody with roles; the key's id is made of the name."""
    return Actor(who=who, keyid=who.encode().hex().ljust(64, "0"), roles=roles, since=since)


_FACTS: Final = Facts(
    name="tiny",
    version="1.0.0",
    digest=f"sha256:{'a' * 64}",
    stage="production",
    signers=(actor("ada", "creator", "approver"),),
    authors=("ada",),
    approvers=(actor("grace", "approver"),),
    deployer=None,
    discounted=(),
    modifies=False,
    back=False,
    asked=0,
    builds=2,
    identical=True,
    tests=(("cpu linux/amd64", "passed"),),
    sbom=(),
    licences=(("numpy 1", "BSD-3-Clause"),),
    modified=False,
    plain=(),
    secrets=(),
    rotations=(),
)


def facts(**changes: Any) -> Facts:
    """A release that fulfils everything, but for these changes."""
    return replace(_FACTS, **changes)
