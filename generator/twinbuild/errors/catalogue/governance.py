"""Codes of rules about who may release what."""

from __future__ import annotations

from typing import Final

from twinbuild.errors.catalogue import Code
from twinbuild.errors.catalogue._audit import AUDIT
from twinbuild.errors.catalogue._leaks import LEAKS
from twinbuild.errors.catalogue._weights import WEIGHTS

__all__ = ["CODES"]

CODES: Final[tuple[Code, ...]] = (
    Code(
        code="TB8601",
        title="a release of files that are not in the commit",
        explanation="""\
Files of the project differ from the commit that is checked out, or are not in it, and the release may not be made of
such: `governance.dirty_source` says refuse, or the commit is recorded (`source.commit: record`) and nothing is said.
What lies in `dist/` does not count. What git ignores counts where the release is made of it: the application's files
(those that `source.ignore` leaves), files of build steps, local artifacts, schemas, the spec and its lock; and so do
those of them that lie in a submodule, for git is not asked about these. Bytes and mode decide, not times; a filter
(git-lfs, line ends) is not run, so that a file which one has converted counts once it was touched. One that git is told
not to look at (`git update-index --assume-unchanged`, `--skip-worktree`) counts in any case.

Where git can't say which files differ, none is said to be the commit's: the message has git's own words. And `refuse`
needs a commit: without a repository, or without git, nobody knows whether files differ.

Commit the files; or set `governance.dirty_source: allow`, and release manifest and provenance say `modified`.""",
    ),
    Code(
        code="TB8610",
        title="a release that nobody signed",
        explanation="""\
`signatures/release.dsse.json` is not there, so that nobody vouches for the release.

Ask who released it to run `twinbuild sign`.""",
    ),
    Code(
        code="TB8611",
        title="signatures that cannot be read",
        explanation="""\
A file of `signatures/` is no DSSE envelope (Dead Simple Signing Envelope 1.0), or no list of signatures of images: no
JSON, further keys, text that is no base64, a key that signs twice, a link in its place.

Take the release from where it was signed again.""",
    ),
    Code(
        code="TB8612",
        title="signatures of something else",
        explanation="""\
`signatures/` has signatures of another text than this release would be signed with: of another release, or of a
statement that was changed. They are left as they are.

Look whose they are; move them away, and sign again.""",
    ),
    Code(
        code="TB8613",
        title="a key that is none",
        explanation="""\
A file is no key in PEM of a kind that is taken: Ed25519, or ECDSA on P-256. A private key where a public one is meant,
and one that others may read, is refused as well.

`twinbuild key new` makes a key; `openssl pkey` and `openssl pkcs8 -topk8` turn other forms into PEM of PKCS #8.""",
    ),
    Code(
        code="TB8614",
        title="no passphrase, or a wrong one",
        explanation="""\
A private key is encrypted, and the passphrase is missing or another one.

Set TWINBUILD_KEY_PASSPHRASE, or run the verb at a terminal.""",
    ),
    Code(
        code="TB8615",
        title="a signer that is no command",
        explanation="""\
`--signer` is empty, or its quotes do not match.

Name a program and its arguments as a shell would have them; no shell runs it.""",
    ),
    Code(
        code="TB8616",
        title="a signer that does not sign",
        explanation="""\
The program of `--signer` failed, or what it printed is no signature by the key of `--public`.

It gets the text on standard input, and prints the plain signature: 64 bytes of Ed25519, or the DER of ECDSA with
SHA-256.""",
    ),
    Code(
        code="TB8617",
        title="a forged signature",
        explanation="""\
A signature bears the id of a given key, and is not by this key, or of another text: somebody changed it, or what was
signed.

Do not use the release. Take it from where it was signed again.""",
    ),
    Code(
        code="TB8618",
        title="too few signatures by keys that you trust",
        explanation="""\
Fewer of the given keys signed the release than `--threshold` asks for.

Give the public keys of whom you trust, or ask them to sign.""",
    ),
    Code(
        code="TB8619",
        title="a release that is not the one that was signed",
        explanation="""\
The signatures are good, and are of other bytes: the message names what was signed and what is there.

Do not use the release. Take it from where it was signed again.""",
    ),
    Code(
        code="TB8620",
        title="a release that is not the expected one",
        explanation="""\
The signatures are good, and of another release than `--expect` names: an older one, for example, in its place.

Take the release that you mean from where it was signed.""",
    ),
    Code(
        code="TB8621",
        title="a list in a registry that others write at the same time",
        explanation="""\
Signatures of an image lie under one tag (`sha256-HEX.sig`, `.att`), and where a registry keeps no list of referrers,
those under one tag, too (`sha256-HEX`). Each time that ours were written, another writer put a list in that place which
lacks them.

Push again when the others have ended, or leave the signatures out: `--no-signatures`.""",
    ),
    *AUDIT,
    *WEIGHTS,
    *LEAKS,
)
