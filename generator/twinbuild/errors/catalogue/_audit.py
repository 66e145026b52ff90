"""Codes of audit logs, which belong to ``governance``."""

from __future__ import annotations

from typing import Final

from twinbuild.errors.catalogue import Code

__all__ = ["AUDIT"]

AUDIT: Final[tuple[Code, ...]] = (
    Code(
        code="TB8630",
        title="no audit log, or one where none may be",
        explanation="""\
There is no log in the directory (no file `checkpoint`), the directory of a new one has files already, its name has
white space or a plus sign, or a checkpoint that is needed was not named, or does not exist.

Name the log's directory; `twinbuild audit new LOG --origin NAME --key FILE` makes one.""",
    ),
    Code(
        code="TB8631",
        title="an entry that is none",
        explanation="""\
What was to be appended to an audit log is not complete or not plain: an action that there is not, no release where one
is needed, text that is too long or does not print, or something that looks like a credential. Nothing was appended.

Say it otherwise. What a log has, it keeps: a secret in it would have to be replaced everywhere.""",
    ),
    Code(
        code="TB8632",
        title="a log that another process writes to",
        explanation="""\
Entries are appended by one process at a time, and it took longer than `--wait`.

Try again when the other one has ended; a process that was killed holds nothing up.""",
    ),
    Code(
        code="TB8633",
        title="a checkpoint that cannot be read",
        explanation="""\
The file is no signed note with the lines origin, number of entries and root hash (C2SP tlog-checkpoint), or a link or
something else lies in the place of a file of the log.

Take the log, or the checkpoint that you kept, from a copy that is whole.""",
    ),
    Code(
        code="TB8634",
        title="a log that the key did not sign",
        explanation="""\
The checkpoint has no signature of the given key under the log's name.

Give the public key of whom you trust to keep this log. With another key than the log's nothing is appended.""",
    ),
    Code(
        code="TB8635",
        title="a checkpoint with a forged signature",
        explanation="""\
A signature bears the id of the given key, and is not by this key, or of another text: the checkpoint was changed.

Do not rely on the log. Take it from a copy that is whole.""",
    ),
    Code(
        code="TB8636",
        title="an entry that was changed",
        explanation="""\
An entry of the log is not the one whose hash was signed. The message says which is the first.

Keep what lies there for whoever looks into it; take the log from a copy that is whole.""",
    ),
    Code(
        code="TB8637",
        title="entries in another order",
        explanation="""\
The entries are those that were signed, in another order. The message says where it begins.

Keep what lies there for whoever looks into it; take the log from a copy that is whole.""",
    ),
    Code(
        code="TB8638",
        title="an entry that was copied or added",
        explanation="""\
At a place of the log lies an entry from another place, or one that was never signed.

Keep what lies there for whoever looks into it; take the log from a copy that is whole.""",
    ),
    Code(
        code="TB8639",
        title="an entry that was taken out",
        explanation="""\
An entry that was signed is gone, and later ones took its place.

Keep what lies there for whoever looks into it; take the log from a copy that is whole.""",
    ),
    Code(
        code="TB8640",
        title="a log that was cut off",
        explanation="""\
The last entries are gone: fewer are there than the checkpoint counts, or than a checkpoint counted that was kept
elsewhere. Without such a one nobody can tell that an older state was put back.

Keep what lies there for whoever looks into it; take the log from a copy that is whole.""",
    ),
    Code(
        code="TB8641",
        title="a tile that was rewritten",
        explanation="""\
The entries are those that were signed, and a tile of the tree, or a bundle of an earlier state, is not theirs; or
something else lies below `tile/`.

Take the log from a copy that is whole: proofs that are made from these tiles would be wrong.""",
    ),
    Code(
        code="TB8642",
        title="a log of another tree than the one that was signed",
        explanation="""\
Neither the entries nor the hashes in the tiles have the root that was signed: both were changed, without the key.
Nothing says any more what was there.

Keep what lies there for whoever looks into it; take the log from a copy that is whole.""",
    ),
    Code(
        code="TB8643",
        title="a fork",
        explanation="""\
The log is signed, and does not begin with the entries that it had at a checkpoint kept elsewhere: it was written anew
by who has its key, or two logs are shown to two readers. Or the checkpoint is of another log.

Keep both checkpoints: together they prove it. Trust neither until you know what happened.""",
    ),
    Code(
        code="TB8644",
        title="bytes that are no entry",
        explanation="""\
A log's bytes are not entries as twinbuild writes them: a length that leads beyond the end, no canonical JSON, keys that
this version does not know.

Take the log from a copy that is whole; a later version of twinbuild may know other entries.""",
    ),
    Code(
        code="TB8645",
        title="a proof that is none",
        explanation="""\
The file is neither C2SP's tlog-proof with the entry in it, nor a proof that a log goes on from an older checkpoint; or
the checkpoint in it is none.

Take the proof from where it was made again: `twinbuild audit prove`.""",
    ),
    Code(
        code="TB8646",
        title="a proof that proves nothing",
        explanation="""\
The hashes do not lead from the entry, at its index, to the root that was signed; or not from the older root to the
newer one. From a log that does not hold together no proof is made.

Run `twinbuild audit verify` on the log, which says what happened.""",
    ),
    Code(
        code="TB8647",
        title="an entry that is not there",
        explanation="""\
The log has no entry of that index, none about that release, or more than one about it.

`twinbuild audit log` lists the entries; name one by its index.""",
    ),
)
