"""Codes of registries (TB32)."""

from __future__ import annotations

from typing import Final

from twinbuild.errors.catalogue import Code

__all__ = ["CODES"]

CODES: Final[tuple[Code, ...]] = (
    Code(
        code="TB3201",
        title="not an image reference",
        explanation="""\
An image is named `[HOST[:PORT]/]NAME[:TAG]` or `[HOST[:PORT]/]NAME@sha256:DIGEST`. NAME is in lower case. A first part
without a dot, a colon or the name localhost is no host: `python:3.12-slim` means `docker.io/library/python:3.12-slim`.

Correct the reference.""",
    ),
    Code(
        code="TB3202",
        title="no such image in the registry",
        explanation="""\
The registry (and each mirror before it) answered that it has no manifest of that name. Many registries also answer so
for private repositories to whoever is not logged in.

Check repository, tag or digest; log in with `docker login HOST` if the repository is private.""",
    ),
    Code(
        code="TB3203",
        title="no such blob in the registry",
        explanation="""\
The manifest is there, but the registry has not the layer or configuration that it names: an upload was incomplete, or
garbage was collected too early.

Push the image again, or take it from a registry or mirror that has all of it.""",
    ),
    Code(
        code="TB3204",
        title="the registry denies access",
        explanation="""\
The registry, or its token service, wants credentials, refuses those that it got, or gives a token that it then refuses.
Credentials are read from Docker's own `config.json` (DOCKER_CONFIG, `~/.docker`) and its credential helpers.

Check the name, and log in with `docker login HOST` (or `skopeo login --authfile ~/.docker/config.json HOST`).""",
    ),
    Code(
        code="TB3205",
        title="authentication that is not safe to use",
        explanation="""\
The registry names a token service that is no address, is not https, or lies on this machine although the registry does
not; the token service's answer holds no token; or credentials would go over plain http to another machine. Nothing was
sent there.

Give the registry and its token service a certificate. For an authority of your own set SSL_CERT_FILE.""",
    ),
    Code(
        code="TB3206",
        title="Docker's configuration cannot be used",
        explanation="""\
`config.json` is no JSON object, an entry of `auths` is malformed, or a credential helper has no plain name. What it
holds is not repeated here.

Correct the file, log in again, or point DOCKER_CONFIG at another directory.""",
    ),
    Code(
        code="TB3207",
        title="credential helper failed",
        explanation="""\
Docker's configuration names a credential helper (`credHelpers`, `credsStore`), which is not installed, failed, or
answered something else than JSON with `Username` and `Secret`.

Run `docker-credential-NAME get` by hand with the registry's host on standard input, install it, or take it out of
config.json.""",
    ),
    Code(
        code="TB3210",
        title="manifest that is not what its digest says",
        explanation="""\
The registry sent other bytes than the digest names, or more than 4 MiB. It is not asked again, and no other source is
asked instead.

Do not use the image. Find out who changed it: the registry, a mirror, or a proxy in between.""",
    ),
    Code(
        code="TB3211",
        title="blob that is not what its descriptor says",
        explanation="""\
A layer or configuration has another length or another SHA-256 than the manifest says. Nothing of it was stored. It is
not asked for again, and no other source is asked instead.

Do not use the image. Find out who changed it: the registry, a mirror, or a proxy in between.""",
    ),
    Code(
        code="TB3212",
        title="registry that contradicts itself",
        explanation="""\
The header Docker-Content-Digest is not the digest of what was sent or asked for, or a document says another media type
of itself than it was sent with, or is an index and an image at once: two programs would see two different images.

Do not use the image, and report it to whoever runs the registry or made the image.""",
    ),
    Code(
        code="TB3213",
        title="neither image nor index",
        explanation="""\
The reference names something else than an image or an index of images: an artifact of another kind, or an image of
Docker's first manifest version, whose layers have no checked order.

Name an image. An old one must be pushed again by a newer tool.""",
    ),
    Code(
        code="TB3214",
        title="no image for the platform",
        explanation="""\
The index lists images, none of them for the platform that is needed. The message says for which there are some.

Choose an image that is published for the platform, or take the platform out of the spec.""",
    ),
    Code(
        code="TB3220",
        title="the registry refuses what is pushed",
        explanation="""\
The registry would not begin an upload, take a piece of it, or take a manifest. The message shows the status and the
registry's own error codes: MANIFEST_BLOB_UNKNOWN means that somebody deleted a layer meanwhile, DENIED and UNSUPPORTED
that the registry is read-only or does not take such documents, 413 that a proxy in between has a limit.

See the registry's limits and log, then push again.""",
    ),
    Code(
        code="TB3221",
        title="upload that would leave the registry",
        explanation="""\
The registry answered that the upload goes on at another host, port or scheme. What is pushed is for that registry, so
nothing was sent. Mostly a registry behind a proxy does not know its own address.

Correct the registry's external address, or the headers that the proxy sets (Host, X-Forwarded-Proto).""",
    ),
    Code(
        code="TB3222",
        title="the registry has other bytes than were pushed",
        explanation="""\
The registry says that it stored another digest, that what arrived has another digest, or that its blob of that digest
has another size. Something on the way changed the bytes, or the registry re-writes manifests.

Do not use what the registry has. Find out what changes it, then push again.""",
    ),
    Code(
        code="TB3231",
        title="nothing to push",
        explanation="""\
The path is neither a spec that was released, the directory of a release, nor an OCI layout; or the layout names no
image.

Name one of them; `twinbuild release SPEC` makes a release.""",
    ),
    Code(
        code="TB3232",
        title="reference that does not fit the layout",
        explanation="""\
What is pushed has no tag and the reference gives none, the reference's digest is not that of the image, or the layout
has several images that their tags do not tell apart.

Write NAME:TAG, leave the digest out, or push a layout of one image.""",
    ),
    Code(
        code="TB3233",
        title="no such image in the store",
        explanation="""\
No image in the store has that name or digest, several have digests that begin so, or one that a spec or release keeps
was to be forgotten.

`twinbuild image ls` lists all; `twinbuild pull` brings one.""",
    ),
    Code(
        code="TB3234",
        title="not the release that was verified",
        explanation="""\
What lies in the directory of a release is not what its release manifest names: an image was exchanged, manifest.json
was edited, or release.digest is another release's. Nothing was pushed.

Make the release again. If you mean the layout in image/ as it is, copy it elsewhere and push the copy.""",
    ),
    Code(
        code="TB3235",
        title="two releases of a variant",
        explanation="""\
`push SPEC --variant NAME` found the variant in the release of all variants and in a release of its own, and the images
differ: one of the two is older. Nothing was pushed.

Name the directory that you mean (`twinbuild push dist/NAME-VERSION …`), or make both releases anew.""",
    ),
    Code(
        code="TB3236",
        title="a tag of signatures that is something else",
        explanation="""\
cosign keeps what is attached to an image under tags such as `sha256-HEX.sig`, and new signatures join those that are
there. A registry without the referrers API keeps the list of what refers to an image under the tag `sha256-HEX`. Under
one of these tags there is something else. The images are there by digest; no tag names them yet.

Look whose it is, and delete the tag; or push without signatures (`--no-signatures`).""",
    ),
)
