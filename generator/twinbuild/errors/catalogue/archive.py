"""Codes of archives, and of building from one (TB91)."""

from __future__ import annotations

from typing import Final

from twinbuild.errors.catalogue import Code

__all__ = ["CODES"]

CODES: Final[tuple[Code, ...]] = (
    Code(
        code="TB9101",
        title="no archive",
        explanation="""\
`--archive`, or TWINBUILD_ARCHIVE, names something that is no archive: nothing, a file, or a directory of other things.

Name the directory of an archive. `twinbuild archive add` makes one where there is nothing yet.""",
    ),
    Code(
        code="TB9102",
        title="an archive that cannot be used",
        explanation="""\
The archive is there, and this process can't use it: its rights, a full disk, a file system without locks, another
process that takes things out of it, or a version of the format that this twinbuild doesn't know.

Do what the message says. Reading an archive needs no right to write, `archive add` does.""",
    ),
    Code(
        code="TB9103",
        title="another spec than the release's",
        explanation="""\
A release is archived with the spec that it was made of, because its text is needed to make it again. The spec that was
found or named says something else than the release does, or has another name than it had then: the release's documents
name it, so what would be built of it has other bytes.

Name the right one with `--spec`, as it was when the release was made (`git show COMMIT:release.yaml`; `run.json` names
the commit), and its overlays with `--overlay`.""",
    ),
    Code(
        code="TB9104",
        title="no spec of a release",
        explanation="""\
A release that lies in `dist/` of its project is archived with the spec that lies there. This one lies elsewhere, or is
a manifest without its directory.

Name the spec with `--spec`, and the directory that `twinbuild release` wrote.""",
    ),
    Code(
        code="TB9105",
        title="a file that changed while it was archived",
        explanation="""\
A file of the release or of its project was sound when it was looked at, and was something else when it was copied.
Nothing was archived of this release.

Archive it again when nothing writes there.""",
    ),
    Code(
        code="TB9106",
        title="a file that the archive needs and nobody has",
        explanation="""\
Building the release again needs a file that its lock names, and it is neither in the store, nor in the project, nor in
the archive. Nothing was archived of this release.

Run `twinbuild fetch` in the project, with the `release.lock` of the release; then archive it.""",
    ),
    Code(
        code="TB9107",
        title="a release that the archive has not got",
        explanation="""\
No release of the archive bears that name and version, release digest, or image digest.

See `twinbuild archive list`. The digest of an image is the one that a registry or a pod shows (`imageID`).""",
    ),
    Code(
        code="TB9108",
        title="a name of several releases",
        explanation="""\
What was named fits more than one release: a version that was released twice, an image that several releases share, or
the beginning of a digest.

Name the release by its whole digest, which the message lists the beginning of.""",
    ),
    Code(
        code="TB9110",
        title="a release of which the archive lost the record",
        explanation="""\
The entry of a release in the archive, or the record that it names, is missing or damaged. Nothing says any more which
files belong to it. Of one whose entry is missing, the list of its files below `v1/roots` or its pin is still there.

Archive the release again, or take the archive from a copy that is whole.""",
    ),
    Code(
        code="TB9111",
        title="no record of an archived release",
        explanation="""\
The bytes of a record are the right ones, and they are not what this format allows: it was written by something else.

Take the archive from where it comes from again, or archive the release again.""",
    ),
    Code(
        code="TB9112",
        title="the record of a newer twinbuild",
        explanation="""\
The release was archived by a newer twinbuild, whose records say more than this one understands.

Use that version, or a newer one.""",
    ),
    Code(
        code="TB9113",
        title="a file that is missing from the archive",
        explanation="""\
A file that a release needs is no longer in the archive. The message says which, and what can't be done without it:
building the release again, or having it as it was released.

Archive the release again, from a directory and a store that still have it; or copy the file from another copy of the
archive to the same path below `v1/blobs/sha256/`.""",
    ),
    Code(
        code="TB9114",
        title="a file that is damaged in the archive",
        explanation="""\
A file in the archive no longer has the digest that is its name: the disk, or somebody, changed it. It is not used.

Archive the release again, which replaces it; or copy the file from another copy of the archive. If it happens twice,
check the disk.""",
    ),
    Code(
        code="TB9115",
        title="a record that is not of its release",
        explanation="""\
The record of a release lists other files than its release manifest covers, bears another name, or does not name all
that its lock has, so that it could not be built again and what is left out would be pruned. Somebody who can write to
the archive wrote it, or it came with an import.

Archive the release again from where it was signed, and find out who wrote the record.""",
    ),
    Code(
        code="TB9116",
        title="an archived project that does not fit its lock",
        explanation="""\
The spec and the files that the archive has of a project are not those that its lock was made of, so that building it
would be building something else.

Archive the release again, with the spec and the files that it was made of.""",
    ),
    Code(
        code="TB9120",
        title="a process that cannot be shut off",
        explanation="""\
A build from an archive runs in a process without a network and without any other file, so that it proves that the
archive is enough. That needs user namespaces, which this machine refuses.

`twinbuild doctor` says what to switch on.""",
    ),
    Code(
        code="TB9121",
        title="tests that cannot be run here",
        explanation="""\
The release says that its images passed their tests. To build the same release again, they must pass here too, and this
machine can't run them: it has another processor, or too little memory.

Reproduce the release on a machine that can run its images.""",
    ),
    Code(
        code="TB9122",
        title="a build from an archive that stopped",
        explanation="""\
The process that builds from an archive ended without saying why.

This is a defect of twinbuild: report it, with what it said.""",
    ),
    Code(
        code="TB9130",
        title="a release that does not come out again",
        explanation="""\
The release was built again from the archive, and a file of it has other bytes. What was built lies in the output.

Where another version of twinbuild made the release, use that one. Else look with `twinbuild compare` at what differs
between the two images; every input was the same.""",
    ),
    Code(
        code="TB9131",
        title="an archived golden test that is answered otherwise",
        explanation="""\
The image that came out again is the released one, byte for byte, and a golden test of the release has another answer.

A stage's values may change answers on purpose: ask again without `--stage`. If it stays so, this machine computes
otherwise than the one that released it: another kind of processor, or another number of threads.""",
    ),
    Code(
        code="TB9132",
        title="a stage that the release has not got",
        explanation="""\
`--stage` names none of the stages for which the release has a configuration.

Name one of those that the message lists, or leave it out for the defaults.""",
    ),
    Code(
        code="TB9133",
        title="a release without its twinbuild",
        explanation="""\
`--with-archived-tool` asks for the twinbuild that is archived with the release, and none is: it was archived with
`--without-tool`, by an older twinbuild, or where packing it needed files that were not at hand.

Leave the option out, which builds with the installed one, or install the version that made the release.""",
    ),
    Code(
        code="TB9140",
        title="pruning without a rule",
        explanation="""\
Without a rule everything that is not pinned would go, and nobody means that.

Say what stays: `--keep N`, `--keep-for DURATION`, or both.""",
    ),
    Code(
        code="TB9141",
        title="an archive in use while it is pruned",
        explanation="""\
The releases that had to go are out of the archive. Their files are still there, since another process uses the archive
and may be adding a release that needs some of them.

Run the same command again when that process has ended.""",
    ),
    Code(
        code="TB9142",
        title="nothing that could be found",
        explanation="""\
`archive find` takes a SHA-256, a package URL, or NAME==VERSION.

Write it so: `sha256:…`, `pkg:deb/debian/openssl@3.0.20-1~deb12u2`, `numpy==2.4.6`.""",
    ),
    Code(
        code="TB9143",
        title="no export of an archive",
        explanation="""\
A file that is to be imported is not what `archive export` writes: an OCI image layout of releases. Nothing of it was
named in the archive.

Export it again, and look whether the file arrived whole: `sha256sum` on both sides.""",
    ),
    Code(
        code="TB9144",
        title="a tag where a repository is meant",
        explanation="""\
Releases go to a repository of a registry, where each has a tag of its own, by its release digest.

Write `oci://REGISTRY/REPOSITORY`, without a tag and without a digest.""",
    ),
    Code(
        code="TB9160",
        title="a registry that deletes nothing",
        explanation="""\
`archive prune` and `archive unpin` delete manifests of an archive in a registry, and this registry refuses to delete
any. All that was archived there stays.

Have its operator switch deletion on (docker-registry: `REGISTRY_STORAGE_DELETE_ENABLED=true`), or prune with the
registry's own rules; then run the command again.""",
    ),
    Code(
        code="TB9161",
        title="a tag of an archive that was moved",
        explanation="""\
In an archive in a registry the tag of a release holds the release digest and the digest of its record, so it can lead
to one thing only. It leads to something else: somebody moved it, and nothing there was believed. So it is with the tag
of a pin that leads to what is no pin of the release: nothing was deleted.

Find out who may write to the repository. Then archive the release again (`archive add`): it gets another tag and is
served. On a machine that has read the release in this archive before, that puts the very tag back, too; so does
`archive import` from another copy of the archive. Until then, or until the operator of the registry has deleted it,
`verify` names it and `prune` deletes nothing.""",
    ),
    Code(
        code="TB9162",
        title="an artifact that is not what its record says",
        explanation="""\
What a tag of an archive in a registry leads to is no release, lacks a manifest, or does not name all files of the
release with their sizes. A registry that collects garbage deletes what no manifest names.

Archive the release again, or export it from another archive to this one.""",
    ),
    Code(
        code="TB9163",
        title="a file of an archive that a registry did not give",
        explanation="""\
The registry has the file or does not say, and did not give it: access was denied, it is overloaded, or it does not
answer. The message says what can't be done without it; the one below says what the registry answered.

See to that, and run the command again.""",
    ),
    Code(
        code="TB9164",
        title="a file that a registry lost since it was archived",
        explanation="""\
A release is archived again, and the registry no longer has files that it was archived with before, which are not here
either.

Archive the release with all that it had: the same twinbuild, and the signatures that it was archived with; or export it
from another archive to this one, then archive it again.""",
    ),
    Code(
        code="TB9165",
        title="a release that went while it was pinned",
        explanation="""\
The release is pinned in a registry, and not there. Somebody pruned it at the moment at which it was pinned and could
not put it back, or deleted it by hand.

Archive the release again; the pin will keep it. Where nobody needs it any more, `twinbuild archive unpin` takes its
whole digest.""",
    ),
    Code(
        code="TB9166",
        title="a registry in which files go while a release is archived",
        explanation="""\
Files that the release needs were there, or were sent, and were gone when it was named; they were sent again, and went
again. Somebody prunes the archive and has the registry collect garbage at the same time, or the registry forgets what
it is sent.

Archive the release again when nobody does. What is there of it is not sent twice.""",
    ),
    Code(
        code="TB9167",
        title="a packed twinbuild that takes too much memory",
        explanation="""\
A packed twinbuild, such as the one that is archived with a release, may have nine tenths of the memory of this machine
or of this container, all its processes together. It took more, and was ended with all of them.

Run it where there is more memory. A program out of an archive that is not yours may do so on purpose: build with the
installed twinbuild then (`--with-present-tool`).""",
    ),
    Code(
        code="TB9168",
        title="a packed twinbuild that writes too much",
        explanation="""\
A packed twinbuild, such as one that is archived with a release, may add nine tenths of the free disk to each directory
that it may write to, and leaves the last 256 MB of the disk alone. It wrote more, or others did, and it was ended. What
it wrote was deleted, but for what it wrote to the directories of `tool run --write` and `--store`.

Run it where there is more space: `--output` and `TMPDIR` say where. A program out of an archive that is not yours may
do so on purpose: build with the installed twinbuild then (`--with-present-tool`).""",
    ),
    Code(
        code="TB9180",
        title="an archived twinbuild that leaves what no release has",
        explanation="""\
The twinbuild that is archived with a release built it, in a sandbox, and left a link, a pipe, a socket or a device in
the release's directory, or more, or deeper directories, than a release has. twinbuild itself leaves nothing of the
kind, so that program is another. Nothing of what it made is taken over.

Ask whoever gave you the archive where the program comes from; the installed twinbuild builds the release with
`--with-present-tool`.""",
    ),
    Code(
        code="TB9181",
        title="a rebuilder's word would be that of a program of the archive",
        explanation="""\
`rebuild --archive` says, and signs, what a rebuilder got. The twinbuild that is archived with the release is not the
one that is installed: whoever made the archive may have made it, and such a program could copy what was released
instead of building it. `reproduce` lets it build, for it shows whether the archive still works; as a word of another
party it is worth nothing.

Install the version of twinbuild that made the release. Or, where you know the digest of a packed twinbuild from
elsewhere (`twinbuild tool pack` of your own prints it), name it with `--tool`.""",
    ),
)
