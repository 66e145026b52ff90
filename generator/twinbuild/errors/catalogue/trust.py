"""Codes of trust roots, policies, approvals and promotions."""

from __future__ import annotations

from typing import Final

from twinbuild.errors.catalogue import Code
from twinbuild.errors.catalogue._promoting import PROMOTING
from twinbuild.errors.catalogue._rego import REGO

__all__ = ["CODES"]

CODES: Final[tuple[Code, ...]] = (
    Code(
        code="TB8800",
        title="no trust root, or no draft of one",
        explanation="""\
A directory has no `1.root.json`, has one already where a new one is to begin, or has no draft to be signed.

Name the directory of a trust root; `twinbuild trust init` begins one, `twinbuild trust update` a draft of its next
document.""",
    ),
    Code(
        code="TB8801",
        title="a document of a trust root that is none",
        explanation="""\
A file `N.root.json` or `N.draft.json` is no DSSE envelope around the canonical JSON of a trust root's document, says
of itself something that cannot be (another number, a key twice, a role whose keys are not there, times that go back),
or names a key by another id than it has.

Take the trust root from whom you trust again.""",
    ),
    Code(
        code="TB8802",
        title="a document of a trust root that too few people signed",
        explanation="""\
A document counts where enough people of its role `root` signed it, and enough of the document before it. One
person with two keys counts once; a key that the document revokes does not sign it.

Do not rely on it: take the trust root from whom you trust. Its keeper has the others sign: `twinbuild trust sign`.""",
    ),
    Code(
        code="TB8803",
        title="a trust root that has expired",
        explanation="""\
The newest document of the trust root is past the time until which it counts. Either a newer one is kept from you, or
nobody has written one.

Get the newest trust root. Who keeps it writes the next document: `twinbuild trust update`, and `trust sign`.""",
    ),
    Code(
        code="TB8804",
        title="an older trust root than one that was seen",
        explanation="""\
This user has seen a later document of the same trust root, or `--trust-version` asks for one: somebody may want a key
to count that was revoked since, or rules that were tightened.

Get the newest trust root from whom you trust.""",
    ),
    Code(
        code="TB8805",
        title="another trust root",
        explanation="""\
The document of a version is another one than was seen before or than `--trust-version N@DIGEST` names, or in the
directory lies a trust root that began with another first document.

Ask whom you trust which one is right. Where the change was meant, remove the entry of the directory from `trust.json`
in twinbuild's state directory (`~/.local/state/twinbuild`).""",
    ),
    Code(
        code="TB8806",
        title="a policy that was not signed",
        explanation="""\
The policy beside the documents is missing, or has other bytes than the newest document names: somebody edited it.

Take the trust root from whom you trust again. A changed policy counts once it is signed: `twinbuild trust update DIR
--policy FILE`, and `trust sign`.""",
    ),
    Code(
        code="TB8807",
        title="a release that too few people of a role signed",
        explanation="""\
With `--trust` the keys of a role count, while they are valid: not before they began, not after they expired, not once
they were revoked, and one person counts once. A signature does not prove when it was made, and is judged as of now;
where an audit log (`--audit`, of a key with the role `audit`) has an entry that says when the key signed this release,
as of then.

Ask somebody of the role to sign: `twinbuild sign`.""",
    ),
    Code(
        code="TB8808",
        title="a role that is not there",
        explanation="""\
The trust root has no role of that name, none of its keys counts now, or an audit log is signed by none of those that
have the role `audit`.

Name another role, or add it: `twinbuild trust update --role NAME=WHO`.""",
    ),
    Code(
        code="TB8809",
        title="a change of a trust root that can't be made",
        explanation="""\
A key is there already or is not there, a person has no key, a role asks for more people than it has, or the key of
`trust sign` has not the role `root`. Nothing was written.

`twinbuild trust show` says what is there.""",
    ),
    Code(
        code="TB8810",
        title="what was seen of trust roots cannot be read",
        explanation="""\
`trust.json` in twinbuild's state directory (`$XDG_STATE_HOME/twinbuild`, or `~/.local/state/twinbuild`) is damaged.
Without it an older trust root would pass for the newest one, so that nothing is judged.
Likewise `records.json`, which says of records of promotions which step was seen last.

Take the file from a copy. Without one remove it, and give `--trust-version` with the newest version that you know.""",
    ),
    Code(
        code="TB8820",
        title="a policy that names a role which is not there",
        explanation="""\
A rule of the policy is about a role that the trust root lacks, so that nobody could ever fulfil it.

Add the role (`twinbuild trust update --role`), or name one that is there.""",
    ),
    Code(
        code="TB8821",
        title="no policy",
        explanation="""\
The newest document of the trust root names no policy. What no rule allows is refused, so that nothing is allowed.

Write one, and have it signed: `twinbuild trust update DIR --policy policy.yaml`.""",
    ),
    Code(
        code="TB8830",
        title="a release by nobody who may",
        explanation="""\
No rule of `allow` with `may: [create]` (or `modify`, for a further version of a name that was promoted before) covers
the roles of who signed the release, or a requirement's `signatures` names a role of which too few people signed.

Let somebody sign who may: `twinbuild sign`.""",
    ),
    Code(
        code="TB8831",
        title="too few approvals",
        explanation="""\
Fewer people approved this release for this stage than the policy, or the release itself (`governance.approvals`), asks
for. An approval counts where its key counts, has a role that may approve, and is of another person than who signed the
release (`two_person`).

Ask who may approve: `twinbuild approve DIST --stage STAGE --trust DIR --key FILE`.""",
    ),
    Code(
        code="TB8832",
        title="one person alone",
        explanation="""\
Somebody approved a release that they signed, or deploys what they signed and nobody else approved. People are who the
trust root says the keys are of: a second key makes no second person.

Ask somebody else to approve it.""",
    ),
    Code(
        code="TB8833",
        title="evidence that is missing",
        explanation="""\
The policy asks that the release was built twice to the same bytes, that all images passed their tests, that the SBOM
is that of the images file by file, or that it was made of a commit's files alone; and it was not.

The message says which. Release again with what is missing.""",
    ),
    Code(
        code="TB8834",
        title="a licence that is forbidden or not known",
        explanation="""\
A component of the SBOM can't be had without a licence of `forbidden_licences` (of `A OR B` one may be chosen), or its
licence is none or no SPDX expression where `unknown_licences: refuse` is said.

Replace the component, state its licence, or ask for an exception.""",
    ),
    Code(
        code="TB8835",
        title="a freeze",
        explanation="""\
The stage is frozen now, in the time zone that the policy names; or this machine does not know the time zone, so that
nobody can tell.

Wait until the time that the message says, or ask for an exception.""",
    ),
    Code(
        code="TB8836",
        title="deployed by somebody who may not",
        explanation="""\
No rule of `allow` with `may: [deploy]` covers the roles of the key that promotes, for this release and stage.

Let somebody promote it who may.""",
    ),
    Code(
        code="TB8837",
        title="a key that is too old",
        explanation="""\
A key that signed, approved or promotes is older than the policy's `key_age`.

Rotate it: `twinbuild key rotate OLD NEW.pub --trust DIR`, and sign or approve again.""",
    ),
    Code(
        code="TB8838",
        title="a secret that was not changed in time",
        explanation="""\
The policy has a `secret_age`, and no signed statement says that a secret of the release was changed since then, or
since the release's own `rotation`. Who may say so has a role with `may: [rotate]`.

Change the secret, and say so: `twinbuild trust rotated DIR PROVIDER:REFERENCE --key FILE`.""",
    ),
    Code(
        code="TB8839",
        title="a connection without encryption",
        explanation="""\
The policy's `encryption` names a kind of connection, and one of that kind goes to an address without TLS: of the
release's services, its configuration, of what it is measured by, or of this machine's settings for indexes, mirrors and
registries. For the archive: it lies in memory.

Give an address with TLS.""",
    ),
    Code(
        code="TB8840",
        title="a stage of which the policy says nothing",
        explanation="""\
No rule of `require` is about the release and the stage. What no rule allows is refused.

Name a stage of the policy, or add what this one asks for.""",
    ),
    Code(
        code="TB8841",
        title="no audit log where the policy asks for one",
        explanation="""\
A requirement of the policy says `audit_log: true`, and no log was given: who is to be held against it decides neither
whether their step is in the log, nor whether the record is the one that was logged.

Name it: `--audit LOG`, with `--audit-key KEY` where something is done.""",
    ),
    Code(
        code="TB8842",
        title="a record that is not the one that was logged",
        explanation="""\
The audit log says of each step which number it had, and its digest, and the record that was given does not have the
last one of them: it was cut off, an older copy was put back, or it went on in another way. Or no log is given, and a
run that was killed was about to take a step, of which a log may know.

Give the log with `--audit`, and take the record from a copy that is whole. A run that was killed on a machine that is
gone leaves a step in the log that was never taken: `--accept-record` goes on from the record all the same, and the next
step takes its place.""",
    ),
    Code(
        code="TB8843",
        title="a record that was cut off since this machine saw it",
        explanation="""\
`records.json` in twinbuild's state directory says which step of the record in this place was seen last, and it is not
in it any more: the record was cut off, an older copy was put back, or it was begun anew.

Take the record from a copy that is whole; or say that it was begun anew: `--accept-record`.""",
    ),
    *PROMOTING,
    Code(
        code="TB8844",
        title="a clock that is behind the audit log",
        explanation="""\
The log has an entry of a time that is more than ten minutes after what this machine takes for now. What ended since
would count again: keys that expired or were revoked, freezes, exceptions.

Set the clock. If it is right, somebody wrote to the log with a wrong one: find out who, and say with `--accept-record`
that you know it. The log will have that.""",
    ),
    Code(
        code="TB8870",
        title="a token that is none",
        explanation="""\
It is no JSON Web Token in the compact form of JWS, is too long, has a text with two readings (a key twice, base64url
in another spelling), chooses in its header how it is verified (`crit`, `jwk`, `jku`, `x5c`, `none` and other
algorithms), or says another algorithm than the pinned key is for. No message has a token.

Have a new token issued, and give it as the issuer wrote it.""",
    ),
    Code(
        code="TB8871",
        title="a token of an issuer or a key that is not pinned",
        explanation="""\
The trust root has no issuer with the token's `iss`, or none of that issuer's keys has its `kid`. Nobody asks the
network for more keys.

Compare the issuer's key set with what `twinbuild trust show` prints; renew it: `twinbuild trust issuer`.""",
    ),
    Code(
        code="TB8872",
        title="a forged token",
        explanation="""\
The token bears the name of a pinned key, and is not signed by this key, or was changed.

Do not use it; have a new token issued.""",
    ),
    Code(
        code="TB8873",
        title="a token for something else",
        explanation="""\
The only audience of a token must be this release (by its digest) and this stage, as `twinbuild approve --audience`
prints it. One for another release, another stage, or other audiences besides is refused, so that none is used twice.

Have a token issued whose only audience is that.""",
    ),
    Code(
        code="TB8874",
        title="a token that does not count",
        explanation="""\
The token has expired, is not valid yet, lives for more than an hour, or its issuer, key or identity was revoked or has
expired.

Have a new token issued, right before `twinbuild approve`.""",
    ),
    Code(
        code="TB8875",
        title="a token of nobody, or of several people",
        explanation="""\
No identity of the trust root has the token's claims, or identities of several people do: one token would count for
whom its bearer likes.

`twinbuild trust show` lists identities; `twinbuild trust identity` adds one.""",
    ),
    Code(
        code="TB8876",
        title="a key set that is not to be pinned",
        explanation="""\
A file is no JSON Web Key Set, has a private part, a shared secret, a `kid` twice or none, a weak RSA key (below 2048
bits, or a small exponent), a point that is on no curve, or no key for RS256, ES256 (P-256) or EdDSA (Ed25519).

Take the one that the issuer's `jwks_uri` gives.""",
    ),
    Code(
        code="TB8877",
        title="a token that cannot be had",
        explanation="""\
`--token` names no file that can be read and no variable that is set, or the token itself was given, which would stand
in lists of processes and histories of shells.

Name the file, or the variable (`env:NAME`).""",
    ),
    Code(
        code="TB8878",
        title="a release that rules in Rego cannot judge",
        explanation="""\
The policy has rules in Rego for this release and stage, and the release has no SBOM that can be read, or its release
manifest has an older form, whose keys are held against no schema. Of what is not there no rule says anything: it would
pass because it says nothing of itself. So it is refused, no rule is asked, and no exception helps.

Release it again with this version of twinbuild.""",
    ),
    Code(
        code="TB8879",
        title="another draft than the one that was looked at",
        explanation="""\
`trust sign --expect` names a draft by its digest, and another one lies there: it was changed after it was shown, by one
of those who may write to the directory. Nothing was signed.

Look at it again with `twinbuild trust show`, and ask who changed it.""",
    ),
    Code(
        code="TB8880",
        title="nobody can tell whether it is encrypted",
        explanation="""\
A rule asks for encryption where it cannot be seen: the form of an address says nothing of TLS, or the place of the
archive is on no file system that is known to be encrypted.

Give an address whose form says it; or let the policy say who vouches for it: `declared_encrypted`.""",
    ),
    *REGO,
    Code(
        code="TB8898",
        title="a release that was never logged to be in the stage",
        explanation="""\
The record names a release to go back to, and the audit log that was given has other promotions of this name to this
stage, and not that one. Who may deploy can write a step of any time; no entry of a log counts as older than the one
before it.

Ask who wrote the step. `twinbuild promote` brings the release there anew, with all that the policy asks for.""",
    ),
    Code(
        code="TB8899",
        title="an approval that would be lost",
        explanation="""\
An approval is named by its stage and its key, and in the directory of `approve --output` lies that of another release
under this name. It would be written over.

Give each release a directory of its own.""",
    ),
)
