"""The next document of a trust root: written as a draft, signed by several people in turn, then in force at once.

Nobody judges by a draft. Whoever changes it takes the signatures off it, for they are of another text. The policy that
it names lies beside it under its own number, so that the one in force stays where it is.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from twinbuild.codec.dsse import Envelope, Signature, encode_envelope, pae
from twinbuild.codec.policyfile import check_roles, load_policy
from twinbuild.codec.trustroot import LARGEST_ROOT, TRUST_ROOT, decode_root_envelope, encode_root
from twinbuild.codec.yaml import SourceText
from twinbuild.errors import Location, PolicyRefused, UsageError
from twinbuild.govern.rooted import check_chain, lacking
from twinbuild.govern.rootedits import checked, next_root, with_policy
from twinbuild.govern.signer import Signer
from twinbuild.model.digest import Digest
from twinbuild.model.trust import ROOT, TrustRoot
from twinbuild.pipeline.alone import LONG, alone_in
from twinbuild.pipeline.governing.rego.files import name_in_trust, read_sources
from twinbuild.pipeline.governing.trustdir import document_path, read_chain, read_policy
from twinbuild.pipeline.output import write_file
from twinbuild.pipeline.regular import Irregular, Missing, read_regular

__all__ = ["Beside", "Drafted", "Policy", "begin_root", "change_root", "read_draft", "sign_draft"]

Policy = Callable[[TrustRoot], bytes]
"""The bytes of the policy that a document is to name (b"": the one that it names already), held against its roles."""
Beside = tuple[tuple[str, bytes], ...]
"""Files that the policy names: they lie beside it, under its number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drafted:
    """A document, where it lies, and for whom it still has to be signed: () for one that is in force.

    ``before`` is the document in force that it follows, None for the first one. ``digest`` is that of its text, as the
    ones who are to sign it tell each other.
    """

    path: Path
    root: TrustRoot
    missing: tuple[str, ...]
    before: TrustRoot | None = None
    digest: str = ""


def begin_root(directory: Path, root: TrustRoot, *, policy: Policy, beside: Beside = ()) -> Drafted:
    """Write a draft of version 1 into a new directory. Raises UsageError TB8800 where a trust root is."""
    directory.mkdir(parents=True, exist_ok=True)
    with _alone(directory):
        if os.path.lexists(document_path(directory, 1)):
            message = f"{directory} has a trust root already"
            hint = "name a new directory, or change it: `twinbuild trust update`"
            raise UsageError.of("TB8800", message, hint=hint, where=str(directory))
        return _write(directory, root, None, policy, beside)


def change_root(
    directory: Path,
    edit: Callable[[TrustRoot], TrustRoot],
    *,
    now: int,
    policy: Policy,
    beside: Beside = (),
) -> Drafted:
    """Change the draft of the next document, which begins as the newest one. Raises UsageError TB8800, TB8809."""
    with _alone(directory):
        before, draft = _standing(directory)
        if draft is not None:  # another text of now: a key that comes with it is to sign it, one that it revokes is not
            base = replace(draft[1], created=max(now, draft[1].created))
        else:
            assert before is not None
            base = next_root(before, now=now)
        return _write(directory, edit(base), before, policy, beside)


def sign_draft(directory: Path, signer: Signer, *, expected: str = "") -> Drafted:
    """Sign the draft, if it is the one ``expected`` (its digest, "" for any); once enough people have, it is in force.

    Raises UsageError TB8800 where there is no draft, TB8809 for a key that has nothing to sign here; PolicyRefused
    TB8879 for another draft, TB8806 for one whose policy is not the one that lies beside it, and of a new policy
    TB8897 where its rules in Rego are not, and TB8820; SpecError for one that cannot be read.
    """
    with _alone(directory):
        before, draft = _standing(directory)
        if draft is None:
            hint = "change something first: `twinbuild trust update`, `key rotate`, `key revoke`"
            raise UsageError.of("TB8800", f"{directory} has no draft to be signed", hint=hint, where=str(directory))
        envelope, root = draft
        digest = str(Digest.of(envelope.payload))
        path = document_path(directory, root.version, draft=True)
        if expected and digest != expected:
            raise PolicyRefused.of(
                "TB8879",
                f"{path.name} is {digest}, expected {expected[:100]}: somebody changed it since",
                hint="look at it again: `twinbuild trust show`",
                where=Location(file=str(path)),
            )
        _require_rules(directory, root, before)
        keyid = signer.public.keyid
        wanted = {key for each in (before, root) if each is not None for key in _root_keys(each)}
        if keyid not in wanted:
            message = f"the key {keyid} has not the role {ROOT!r}, in this document or in the one before it"
            raise UsageError.of("TB8809", message, hint="`twinbuild trust show` says who has it", where="--key")
        mine = Signature(keyid=keyid, sig=signer.sign(pae(TRUST_ROOT, envelope.payload)))
        others = tuple(each for each in envelope.signatures if each.keyid != keyid)
        signatures = tuple(sorted((*others, mine), key=lambda each: each.keyid))
        signed = Envelope(payload_type=TRUST_ROOT, payload=envelope.payload, signatures=signatures)
        missing = lacking(signed, root, before, name=str(path))
        write_file(path, encode_envelope(signed))
        if missing:
            return Drafted(path=path, root=root, missing=missing, before=before, digest=digest)
        final = document_path(directory, root.version)
        path.rename(final)
        return Drafted(path=final, root=root, missing=(), before=before, digest=digest)


def _require_rules(directory: Path, root: TrustRoot, before: TrustRoot | None) -> None:
    """Nobody signs what could not be judged by: a new policy can be read, and each file of Rego lies beside it.

    One that is in force already is in nobody's way who revokes a key.
    """
    content = read_policy(directory, root)
    if root.policy is None or (before is not None and root.policy == before.policy):
        return
    policy = load_policy(SourceText(name=str(directory / root.policy.file), content=content))
    check_roles(policy, root)
    for index, rules in enumerate(policy.value.rego):
        read_sources(policy, rules, index, directory, beside=root.policy.file)


def read_draft(directory: Path) -> Drafted | None:
    """The draft of the next document, None where there is none."""
    before, draft = _standing(directory)
    if draft is None:
        return None
    envelope, root = draft
    path = document_path(directory, root.version, draft=True)
    missing, digest = lacking(envelope, root, before, name=str(path)), str(Digest.of(envelope.payload))
    return Drafted(path=path, root=root, missing=missing, before=before, digest=digest)


def _standing(directory: Path) -> tuple[TrustRoot | None, tuple[Envelope, TrustRoot] | None]:
    """The newest document in force, and the draft of the one after it."""
    first = document_path(directory, 1)
    before = check_chain(read_chain(directory)) if os.path.lexists(first) else None
    path = document_path(directory, 1 if before is None else before.version + 1, draft=True)
    try:
        content = read_regular(path, LARGEST_ROOT)
    except Missing:
        if before is None:
            hint = "name the directory of a trust root; `twinbuild trust init` begins one"
            message = f"{directory} is no trust root: 1.root.json is not there"
            raise UsageError.of("TB8800", message, hint=hint, where=str(directory)) from None
        return before, None
    except Irregular as error:
        message = f"{path.name} {error}"
        hint = "move it away, and make the change again"
        raise PolicyRefused.of("TB8801", message, hint=hint, where=Location(file=str(path))) from None
    return before, decode_root_envelope(content, name=str(path))


def _write(directory: Path, root: TrustRoot, before: TrustRoot | None, policy: Policy, beside: Beside) -> Drafted:
    root = checked(root)
    if content := policy(root):
        root = with_policy(root, Digest.of(content).hex)
        assert root.policy is not None
        for name, text in beside:
            write_file(directory / name_in_trust(root.policy.file, name), text)
        write_file(directory / root.policy.file, content)
        root = checked(root)
    path = document_path(directory, root.version, draft=True)
    envelope = Envelope(payload_type=TRUST_ROOT, payload=encode_root(root), signatures=())
    write_file(path, encode_envelope(envelope))
    return Drafted(path=path, root=root, missing=lacking(envelope, root, before, name=str(path)), before=before)


def _root_keys(root: TrustRoot) -> tuple[str, ...]:
    role = root.role(ROOT)
    assert role is not None
    return role.keys


@contextmanager
def _alone(directory: Path) -> Iterator[None]:
    """While the context lasts, nobody else changes the trust root of this directory."""
    with ExitStack() as stack:
        try:
            stack.enter_context(alone_in(directory, wait=LONG))
        except (FileNotFoundError, NotADirectoryError):
            hint = "name the directory of a trust root; `twinbuild trust init` begins one"
            raise UsageError.of("TB8800", f"{directory} is no directory", hint=hint, where=str(directory)) from None
        yield
