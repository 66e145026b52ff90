"""Codes of digests in addresses, HTTP, indexes and mirrors (TB30)."""

from __future__ import annotations

from typing import Final

from twinbuild.errors.catalogue import Code

__all__ = ["CODES"]

CODES: Final[tuple[Code, ...]] = (
    Code(
        code="TB3001",
        title="not a digest",
        explanation="""\
A digest is `sha256:` with 64 lower-case hexadecimal digits behind it. Other algorithms, upper case and other lengths
are refused, so that one content has one name.

Take the digest from the lock or from `sha256sum`.""",
    ),
    Code(
        code="TB3010",
        title="address that cannot be used",
        explanation="""\
An address must be http, https or a directory of this machine (`file:///path`), in printable ASCII, with a host where
one belongs. It is refused and not repaired, since two programs would repair it in two ways. A path that would leave
the address's base is refused too.

Correct the address where it is set: twinbuild.toml, an environment variable, pip's or apt's configuration, or the
spec.""",
    ),
    Code(
        code="TB3011",
        title="plain http where it proves nothing",
        explanation="""\
Over plain http anybody on the way can change a page. It is taken only from this machine, from an index whose address
you set as http yourself, and for files whose digest or signature is known.

Use an https address.""",
    ),
    Code(
        code="TB3012",
        title="redirect refused",
        explanation="""\
At most ten redirects are followed, never in a circle, never from https to http, never to another scheme, never with a
control character in the address, and never from a host far away to this machine or its link, where services without a
password listen. The message shows the way that was gone.

Check the address. If you trust where it leads, set that address itself.""",
    ),
    Code(
        code="TB3013",
        title="netrc file that cannot be used",
        explanation="""\
Credentials are looked up in a netrc file, which must be UTF-8 text in the usual form (machine, login, password).

Correct the file, or point NETRC at another.""",
    ),
    Code(
        code="TB3014",
        title="certificate bundle that cannot be read",
        explanation="""\
The file or directory of trusted certificates is missing or holds no PEM certificates.

Set SSL_CERT_FILE, or `certificates` in twinbuild.toml, to a bundle of PEM certificates.""",
    ),
    Code(
        code="TB3015",
        title="no such file",
        explanation="""\
The server, or the directory that serves as one, has no file at this address. Mirrors drop superseded packages, and
indexes withdraw files.

Check the address, choose a mirror that has the file, add a snapshot service, or take the file from a store that has
it.""",
    ),
    Code(
        code="TB3016",
        title="server out of service",
        explanation="""\
The server answered that it is overloaded or broken (408, 429 or 5xx), also to further tries. A wait that it asks for
is kept up to two minutes; a longer one ends the download.

Try again later, or choose another mirror.""",
    ),
    Code(
        code="TB3020",
        title="connection failed",
        explanation="""\
The host's name was not found, the connection was refused or broke off, and so did the further tries. What had arrived
was kept for each next try where the server permits it; nothing incomplete was stored.

Check the network, the proxy settings and the address, then run the command again.""",
    ),
    Code(
        code="TB3021",
        title="too slow",
        explanation="""\
No byte came within the time allowed, or fewer than 256 bytes a second over that time.

Check the network, raise `timeout` in twinbuild.toml, or choose a mirror nearer by.""",
    ),
    Code(
        code="TB3022",
        title="TLS refused",
        explanation="""\
The server's certificate is not vouched for by the trusted authorities, is out of date or is for another host, or no
TLS version of 1.2 or newer could be agreed on. Certificates are always checked.

In a company network, set SSL_CERT_FILE to the bundle that holds its authority's certificate.""",
    ),
    Code(
        code="TB3023",
        title="unexpected answer",
        explanation="""\
The server answered with a status that is neither the file, a redirect nor a known refusal.

Check the address.""",
    ),
    Code(
        code="TB3024",
        title="access denied",
        explanation="""\
The server or the proxy wants credentials, or refuses those it got. Credentials are sent to the host they were given
for and to no other.

Put user and password into the address of the setting (`https://user:password@host/`) or into a netrc file.""",
    ),
    Code(
        code="TB3025",
        title="malformed answer",
        explanation="""\
The answer is not HTTP, its header is larger than 64 KiB, it states several lengths, or it sends another part of the
file than was asked for.

Check that the address belongs to a web server; a proxy may stand in between.""",
    ),
    Code(
        code="TB3026",
        title="larger than allowed",
        explanation="""\
The document or file is larger than what such a thing may be.

Check that the address names what you mean.""",
    ),
    Code(
        code="TB3027",
        title="encoded in transit",
        explanation="""\
A file was sent with a Content-Encoding, although its own bytes were asked for; or a page with one that is neither
none nor gzip, or twice encoded. Decoding would hide whether the bytes are the right ones.

Correct the server, or choose another mirror.""",
    ),
    Code(
        code="TB3028",
        title="network needed while offline",
        explanation="""\
The run is offline (`--offline`, TWINBUILD_OFFLINE or `offline` in twinbuild.toml), but something needed the network.

Run `twinbuild fetch` while there is a network, or leave --offline out.""",
    ),
    Code(
        code="TB3029",
        title="stopped",
        explanation="""\
The download was stopped because the run was interrupted.

Run the command again.""",
    ),
    Code(
        code="TB3030",
        title="wrong length",
        explanation="""\
The file is longer or shorter than the lock says. Such bytes are never stored, and no other source is asked instead.
Also used where the lock itself gives one digest two sizes.

Choose another mirror, find out who changed the file, or lock again.""",
    ),
    Code(
        code="TB3031",
        title="wrong digest",
        explanation="""\
The file has the right length but another SHA-256 than the lock. Such bytes are never stored, and no other source is
asked instead.

Do not use the file. Find out who changed it; choose another mirror, or lock again if the change is meant.""",
    ),
    Code(
        code="TB3032",
        title="file changed during the download",
        explanation="""\
The connection broke, and the next try got other bytes for the part that had already arrived.

Try again later. If it stays so, the server or a proxy corrupts the file.""",
    ),
    Code(
        code="TB3040",
        title="malformed index page",
        explanation="""\
The page is not one of the simple API of package indexes (PEP 503, PEP 691), has a newer major version, or a malformed
digest.

Check that the address is that of the simple API; it often ends in /simple.""",
    ),
    Code(
        code="TB3041",
        title="project not on the index",
        explanation="""\
The index has no project of that name. Each project is looked up on the one index that the spec names for it, and on
no other.

Check the name and the index that the spec names for it.""",
    ),
    Code(
        code="TB3042",
        title="file not on the index",
        explanation="""\
The index has the project but no longer the file that is locked.

Take the file from a store or mirror that has it, or lock again for another version.""",
    ),
    Code(
        code="TB3043",
        title="index and lock disagree",
        explanation="""\
The index states another SHA-256 or size for the file than the lock. Nothing was downloaded: somebody replaced a
published file, or the index is not the one that was locked from.

Find out who replaced the file. If the change is meant, lock again.""",
    ),
    Code(
        code="TB3044",
        title="index unknown",
        explanation="""\
The lock names an index for which no setting gives an address. Addresses are no part of the lock: each machine has its
own mirror, and the digest of every file is locked.

Write its address below [indexes] in twinbuild.toml, or set its variable: TWINBUILD_INDEX_TORCH_CPU for an index
`torch-cpu`, TWINBUILD_INDEX_URL for `default`, for which pip's own configuration counts too. A directory of wheels is
an index: file:///srv/wheels. For a named index, a directory of pip's find-links with a wheel of its projects counts as
well.""",
    ),
    Code(
        code="TB3045",
        title="archive unknown",
        explanation="""\
The lock names an archive of packages for which no setting gives an address.

Set TWINBUILD_DEBIAN_MIRROR (TWINBUILD_UBUNTU_MIRROR for the archive `ubuntu`), or write a mirror's address below
[archives] in twinbuild.toml.""",
    ),
    Code(
        code="TB3047",
        title="not in the store, and offline",
        explanation="""\
A file that the lock names is not in the store, and the run may not use the network. All that are missing are listed.

Run `twinbuild fetch` while there is a network, or copy the blobs of another store.""",
    ),
)
