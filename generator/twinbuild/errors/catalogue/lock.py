"""TB22: the lock."""

from __future__ import annotations

from typing import Final

from twinbuild.errors.catalogue import Code

__all__ = ["CODES"]

_DAMAGED: Final = (
    "Nobody edits a lock by hand. Restore it from version control; or make it anew with "
    "`twinbuild lock --upgrade-all`, which does not read it, so that everything may move."
)
CODES: Final[tuple[Code, ...]] = (
    Code(
        code="TB2201",
        title="the lock cannot be read",
        explanation=(
            "release.lock is no JSON text in UTF-8: it was cut short, edited, or is another file. " + _DAMAGED
        ),
    ),
    Code(
        code="TB2202",
        title="the lock holds a merge conflict",
        explanation=(
            "Two branches changed the lock, and the marks of the conflict are still there. Resolve the conflict "
            "in release.yaml, take the lock of either branch (`git checkout --ours release.lock`), then run "
            "`twinbuild lock`: it keeps what that lock pins and the merged spec still asks for."
        ),
    ),
    Code(
        code="TB2203",
        title="a key of the lock is given twice",
        explanation=("Readers of JSON differ on which of two equal keys counts, so a lock has none. " + _DAMAGED),
    ),
    Code(
        code="TB2204",
        title="the lock has another version",
        explanation=(
            "The first field of a lock is the version of its form. A newer version was written by a newer "
            "twinbuild: use that one. " + _DAMAGED
        ),
    ),
    Code(
        code="TB2205",
        title="a field of the lock is unknown or missing",
        explanation=("Every field of an entry is there, and no other. " + _DAMAGED),
    ),
    Code(
        code="TB2206",
        title="a field of the lock has the wrong type",
        explanation=("A field holds text where a number belongs, or the like. " + _DAMAGED),
    ),
    Code(
        code="TB2207",
        title="a value of the lock is malformed",
        explanation=("A name, version, digest, platform, date or address is not spelled as it must be. " + _DAMAGED),
    ),
    Code(
        code="TB2208",
        title="a size in the lock is out of range",
        explanation=("A size is a whole number of bytes; only files of the application may be empty. " + _DAMAGED),
    ),
    Code(
        code="TB2209",
        title="a path in the lock is unsafe",
        explanation=("A path is absolute, leaves its directory, or is not normal. " + _DAMAGED),
    ),
    Code(
        code="TB2210",
        title="something is locked twice",
        explanation=(
            "A target has two entries for one project or package, or the lock two targets of one name. " + _DAMAGED
        ),
    ),
    Code(
        code="TB2211",
        title="the lock is not sorted",
        explanation=("Entries are sorted by name, so that equal locks are equal bytes. " + _DAMAGED),
    ),
    Code(
        code="TB2212",
        title="an entry of the lock contradicts itself",
        explanation=(
            "The name of a file must say what its entry says: the same project, version and kind. " + _DAMAGED
        ),
    ),
    Code(
        code="TB2220",
        title="the Python part of the lock is stale",
        explanation=(
            "Requirements, constraints, indexes, the cut-off date, the Python version, the base or the variants "
            "changed since the lock was made. The message names projects where it can. Run `twinbuild lock` and "
            "commit release.lock together with the spec."
        ),
    ),
    Code(
        code="TB2221",
        title="the Debian part of the lock is stale",
        explanation=(
            "The base, its suites or components, the packages or the variants changed since the lock was made. "
            "Run `twinbuild lock` and commit release.lock together with the spec."
        ),
    ),
    Code(
        code="TB2222",
        title="the artifacts of the lock are stale",
        explanation=(
            "An artifact of the model is new, gone, at another address, or has another digest or size than when "
            "the lock was made. Run `twinbuild lock`; if you did not change the artifact, find out who did "
            "before."
        ),
    ),
    Code(
        code="TB2223",
        title="the application part of the lock is stale",
        explanation=(
            "The application directory or the patterns of files to ignore changed since the lock was made. Run "
            "`twinbuild lock`."
        ),
    ),
    Code(
        code="TB2224",
        title="the lock lacks a target",
        explanation=("The spec has a variant or a platform that the lock has no packages for. Run `twinbuild lock`."),
    ),
    Code(
        code="TB2225",
        title="the lock lacks licences",
        explanation=(
            "The lock holds what each package says of its licence, read from the package's own bytes. A lock made with "
            "`--metadata-only`, or by an older twinbuild, does not have all of it yet. Everything that it pins stays "
            "as it is: `twinbuild lock` reads what is missing, and so does any other verb that is not told `--locked`."
        ),
    ),
    Code(
        code="TB2250",
        title="the lock does not cover the spec",
        explanation="""\
The spec has a variant, a platform or an artifact that the lock knows nothing of, so there is no plan for it.

Run `twinbuild lock`.""",
    ),
    Code(
        code="TB2251",
        title="the lock cannot be read",
        explanation="""\
A file or directory in the place of the lock cannot be read: its permissions, its kind or the disk.

Make it a readable file, or remove it and run `twinbuild lock`.""",
    ),
    Code(
        code="TB2252",
        title="there is no lock",
        explanation="""\
A build takes only what a lock names, and there is none beside the spec. It is called like the spec, with `.lock`.

Run `twinbuild lock` and commit the lock together with the spec.""",
    ),
    Code(
        code="TB2253",
        title="the application's files changed",
        explanation="""\
Files of the application are not those that the lock names. The message lists the first of them.

Run `twinbuild lock`; verbs other than `--locked` ones do it by themselves, since it needs no network.""",
    ),
    Code(
        code="TB2254",
        title="nothing of that name to upgrade",
        explanation="""\
`--upgrade` names a project that is not in the lock, so that nothing could move.

Correct the name (the message gives the nearest), or add the project to the spec's dependencies.""",
    ),
    Code(
        code="TB2256",
        title="source distributions",
        explanation="""\
The spec asks for projects to be built from source distributions. This version installs wheels only.

Use projects that publish wheels, and take `dependencies.source_builds` out.""",
    ),
    Code(
        code="TB2257",
        title="no such file of a wheel",
        explanation="""\
An artifact's uri is `wheel:PROJECT/PATH`, but the lock has no wheel of that project, or the wheel no such file.

Add the project to dependencies.build or dependencies.runtime, or correct the path; `unzip -l` lists the files of a
wheel.""",
    ),
    Code(
        code="TB2258",
        title="locked files are not in the store",
        explanation="""\
The lock names files whose bytes are not here, and a build uses no network.

Run `twinbuild fetch`, which brings them and takes only bytes with the locked digests.""",
    ),
    Code(
        code="TB2270",
        title="the base has not the Python that the spec asks for",
        explanation="""\
`environment.python` names a minor version, and the base image must have it as `pythonX.Y` on its own PATH: a 64-bit
program of CPython that says its full version. The message names what was found instead.

Write that version in the spec, or name a base that has the one you want.""",
    ),
    Code(
        code="TB2271",
        title="the base is not for the platform",
        explanation="""\
The index of the base has no image for one of the spec's platforms, or the image (or the Python in it) is for another.

Take the platform out of `environment.platforms`, or name a base that has it.""",
    ),
    Code(
        code="TB2272",
        title="the base has another C library",
        explanation="""\
Wheels are chosen for the GNU C library (manylinux), and the base's Python runs with another one (musl, as in Alpine),
or with none.

Name a base made of Debian, Ubuntu, Fedora or another system with glibc.""",
    ),
    Code(
        code="TB2273",
        title="an image that cannot be a base",
        explanation="""\
A manifest of schema version 1, an artifact that is no container image, layers that are encrypted or that no registry
distributes, or an index with two images for one platform: none of them names all bytes of one base.

The message says which it is, and what to name instead.""",
    ),
    Code(
        code="TB2274",
        title="tag and digest of the base disagree",
        explanation="""\
The spec gives the base with a tag and a digest, and the registry says today that the tag is another image. Either is
what you meant, so neither is taken.

Take the tag out (the digest alone is enough), or write the digest that you want.""",
    ),
    Code(
        code="TB2275",
        title="the base occupies a place of the release",
        explanation="""\
The layers of a release lie over those of its base. Where the base has files in the place of the virtual environment
(/opt/venv), of the documents (/etc/twinbuild), of the application or of an artifact, they would be hidden or mixed with
ours; where a link, a file or a directory with unusual mode or owner is on the way, it would be replaced.

Choose another place (`source.target`, an artifact's `target`, `serving.user.home`), or another base.""",
    ),
    Code(
        code="TB2276",
        title="the base has ONBUILD triggers",
        explanation="""\
An image with ONBUILD triggers makes every build on it run further instructions, which nobody has locked.

Name the image without them.""",
    ),
    Code(
        code="TB2277",
        title="engines would read the base's layers differently",
        explanation="""\
A layer of the base has members below a link or a file of a layer beneath it. Some engines follow such a link and others
replace it, so that the image has two meanings.

Build the base again with `docker build` or `buildah`, whose layers are what the file system really had.""",
    ),
    Code(
        code="TB2278",
        title="the base's OCI layout cannot be read",
        explanation="""\
`image: oci-layout:DIR` names a directory of the project in OCI's image layout (index.json, oci-layout, blobs/). It is
not there, lacks a file that its index leads to, or has several images and no digest says which.

Write it anew, for example with `skopeo copy docker://NAME:TAG oci:DIR`, or add `@sha256:…`.""",
    ),
    Code(
        code="TB2279",
        title="the base sets a variable that changes every Python",
        explanation="""\
The base's configuration sets PYTHONPATH, PYTHONHOME, LD_PRELOAD or the like: code that no lock of wheels names would
run inside of every Python of the image.

Name a base without it, or build one of your own from it with that variable left out.""",
    ),
    Code(
        code="TB2280",
        title="packages cannot be added to the base",
        explanation="""\
Where `base.debian` stands beside `base.image`, packages of that suite are added to the image. The image must be of the
same suite (VERSION_CODENAME of its os-release), and have dpkg's database, which says what is there already. An image in
which dpkg was interrupted, with packages unpacked or half configured, is refused: what they lack nobody knows.

Name the image's own suite in `base.debian.suite`, finish the image's packages with `dpkg --configure -a`, or take
`base.debian` out.""",
    ),
    Code(
        code="TB2290",
        title="the base has no key for its archive",
        explanation="""\
Packages that are added to a base image of another system than Debian, such as Ubuntu, are trusted as apt in that image
would trust them: by the keyrings that Signed-By of its own sources names, or those of /etc/apt/trusted.gpg.d for a
source without; in a base without sources, by /usr/share/keyrings/ubuntu-archive-keyring.gpg. The base has none of
these, or there is no key in them.

Name a base with the keyring of its system's archive, or build one from yours that has the package `ubuntu-keyring`.""",
    ),
    Code(
        code="TB2291",
        title="a keyring of the base cannot be used",
        explanation="""\
A file that should hold the public keys of the base's archive is something else: it is cut off, not OpenPGP, or larger
than any keyring.

Do not use the image, and report it to whoever made it.""",
    ),
    Code(
        code="TB2292",
        title="not signed by a key of the base",
        explanation="""\
Packages are to be added to a base image from the archive of its system. What a mirror gave as the suite's InRelease
file has no good signature by a key that apt in the base has for it: it was changed, signed with a weak digest, or is
another archive's. The message names who signed it, and the keys that count.

Use a mirror that serves the archive unchanged. If the archive has a new key, name a newer base, which knows it. For an
archive that your site signs with a key of its own, name a base that has that key in its apt.""",
    ),
    Code(
        code="TB2293",
        title="no address of the base's archive known",
        explanation="""\
Packages are to be added to a base image of another system than Debian, and nothing says where that system's archive is:
no setting, no apt of this machine (which counts if it is of the same system), and no source in the base's own apt.

Set TWINBUILD_UBUNTU_MIRROR (for another system, its ID in os-release in place of UBUNTU) to the base address of a
mirror, such as https://mirror.example/ubuntu, or write it below [archives] in twinbuild.toml: `ubuntu = "https://…"`.
Below it lie dists/ and pool/. Several addresses are tried in order.""",
    ),
)
