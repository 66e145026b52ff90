"""A whole resolve against a mirror in memory whose suites are signed in the test, and every way to tamper with it."""

from __future__ import annotations

import gzip
import hashlib
import lzma
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from importlib import resources
from typing import NoReturn

import pytest
from pysequoia import Cert, SignatureMode, Tsk, sign

from twinbuild.errors import EnvironmentFault, FetchError, IntegrityError, LockError, TwinbuildError, UsageError
from twinbuild.model.lock import AptIndex, LockedDeb
from twinbuild.model.platform import Platform
from twinbuild.model.settings import Settings
from twinbuild.model.spec.environment import DebianBase
from twinbuild.resolve import debian
from twinbuild.resolve.base_apt import SystemArchive
from twinbuild.resolve.debian import resolve_debian
from twinbuild.resolve.debian_keys import KEYS, ArchiveKey, certificates, verify_inrelease
from twinbuild.store.memory import MemoryStore

NOW = datetime.now(UTC).replace(microsecond=0)  # the signing library judges by the clock too
YEARS = 3 * 365 * 24 * 3600
SECRET = Tsk.generate("Test archive <archive@debian.example>", validity_seconds=YEARS)
OTHER = Tsk.generate("Somebody <else@debian.example>")
KEY = SECRET.extract_certificate()
AMD64 = Platform.parse("linux/amd64")
MIRROR = "http://mirror.example/debian"
SECURITY = "http://mirror.example/debian-security"


def entry(name: str, version: str = "1", **fields: str) -> str:
    """A stanza of a Packages file."""
    lines = [f"Package: {name}", f"Version: {version}", "Architecture: amd64", "Size: 1", f"SHA256: {'0' * 64}"]
    lines += [f"{key.replace('_', '-')}: {value}" for key, value in fields.items()]
    return "\n".join([*lines, f"Filename: pool/main/{name}_{version}.deb"]) + "\n"


PACKAGES = "\n".join([entry("base", Essential="yes", Depends="libc6"), entry("libc6", "2.36-9"), entry("tool")])


def signed(text: str, key: Tsk = SECRET) -> bytes:
    """A clear-signed message."""
    return sign(key.signer(), text.encode(), mode=SignatureMode.CLEAR)


@dataclass
class Mirror:
    """Files by address; what was asked for is recorded."""

    files: dict[str, bytes] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    @dataclass(frozen=True)
    class Document:
        """One answer."""

        body: bytes

    def get(self, url: str, *, limit: int, allow_http: bool) -> Document:
        """The file at an address, or the error of a client."""
        self.asked.append(url)
        if url not in self.files:
            raise FetchError.of("TB3015", f"{url} is not there", hint="x")
        if len(self.files[url]) > limit:
            raise FetchError.of("TB3014", f"{url} is longer than {limit}", hint="x")
        return self.Document(self.files[url])

    def suite(
        self,
        name: str = "bookworm",
        packages: str = PACKAGES,
        *,
        root: str = MIRROR,
        change: Callable[[str], str] = lambda text: text,
        key: Tsk = SECRET,
        compress: Callable[[bytes], bytes] = lzma.compress,
        suffix: str = ".xz",
        label: str = "Debian",
        extra: str = "",
    ) -> None:
        """Publish a suite with one component, by hash."""
        plain = packages.encode()
        packed = compress(plain)
        listed = "".join(
            f" {hashlib.sha256(content).hexdigest()} {len(content)} main/binary-amd64/Packages{end}\n"
            for end, content in (("", plain), (suffix, packed))
        )
        text = (
            f"Origin: Debian\nLabel: {label}\nCodename: {name}\nDate: {NOW:%a, %d %b %Y %H:%M:%S} UTC\n{extra}"
            f"Acquire-By-Hash: yes\nSHA256:\n{listed}"
        )
        folder = f"{root}/dists/{name}"
        self.files[f"{folder}/InRelease"] = signed(change(text), key)
        digest = hashlib.sha256(packed).hexdigest()
        self.files[f"{folder}/main/binary-amd64/by-hash/SHA256/{digest}"] = packed
        self.files[f"{folder}/main/binary-amd64/Packages{suffix}"] = packed


def resolve(
    mirror: Mirror,
    *packages: str,
    suites: tuple[str, ...] = (),
    now: datetime = NOW,
    mirrors: tuple[str, ...] = (MIRROR,),
) -> tuple[tuple[AptIndex, ...], tuple[LockedDeb, ...]]:
    """Resolve packages of bookworm and further suites."""
    return resolve_debian(
        DebianBase(suite="bookworm", suites=suites),
        packages,
        AMD64,
        client=mirror,
        settings=Settings(store="/x", archives=(("debian", mirrors), ("debian-security", (SECURITY,)))),
        now=now,
        trusted=lambda _: (KEY,),
    )


def failing(mirror: Mirror, now: datetime = NOW) -> list[str]:
    """The codes of the findings of a resolve that fails."""
    with pytest.raises(TwinbuildError) as caught:
        resolve(mirror, "tool", now=now)
    return [finding.code for finding in caught.value.findings]


def test_indexes_and_closure() -> None:
    """The lock's index names what was read, and the closure is complete; only two files are asked for."""
    mirror = Mirror()
    mirror.suite()
    (index,), debs = resolve(mirror, "tool")
    assert (index.archive, index.suite, index.component, index.architecture) == ("debian", "bookworm", "main", "amd64")
    assert index.date == f"{NOW:%Y-%m-%dT%H:%M:%SZ}"
    assert index.packages.hex == hashlib.sha256(PACKAGES.encode()).hexdigest()
    assert index.release.hex == hashlib.sha256(mirror.files[f"{MIRROR}/dists/bookworm/InRelease"]).hexdigest()
    assert index.signed_by == KEY.fingerprint.upper()
    assert [(deb.name, deb.requested) for deb in debs] == [("base", True), ("libc6", False), ("tool", True)]
    assert len(mirror.asked) == 2
    assert "/by-hash/SHA256/" in mirror.asked[1]


def test_several_suites() -> None:
    """Security's newer version wins, from the security archive; backports only where named."""
    mirror = Mirror()
    mirror.suite()
    mirror.suite("bookworm-security", entry("tool", "2"), root=SECURITY, label="Debian-Security")
    backports = "NotAutomatic: yes\nButAutomaticUpgrades: yes\n"
    mirror.suite(
        "bookworm-backports",
        entry("tool", "3"),
        change=lambda text: text.replace(": Debian", ": Debian Backports"),
        extra=backports,
    )
    suites = ("bookworm-security", "bookworm-backports")
    indexes, debs = resolve(mirror, "tool", suites=suites)
    assert [index.suite for index in indexes] == ["bookworm", *suites]
    assert [(deb.version, deb.archive) for deb in debs if deb.name == "tool"] == [("2", "debian-security")]
    _, debs = resolve(mirror, "tool/bookworm-backports", suites=suites)
    assert [deb.version for deb in debs if deb.name == "tool"] == ["3"]


UBUNTU = "http://archive.example/ubuntu"
# Made by gpg with --cert-digest-algo SHA1: its signature on itself no longer counts, as of Ubuntu's key of 2012.
OLD = b"""\
-----BEGIN PGP PUBLIC KEY BLOCK-----

mDMEZZIAgBYJKwYBBAHaRw8BAQdAS+nNCVYamq56Ccjm4vzk86Ml6j2lCQaIC2Q3
NsP7zCi0GE9sZCA8b2xkQHVidW50dS5leGFtcGxlPoiQBBMWAgA4FiEEc1FUUmME
Zdc7d/CFbfUhZ1F2O6sFAmWSAIACGwMFCwkIBwIGFQoJCAsCBBYCAwECHgECF4AA
CgkQbfUhZ1F2O6sLnQD8CPPmhmz46T9Kx8GH5TvLGEH62oP+eA5j2w6YBIrmtO4B
APB9kAom8Wbzijr7404Yfu6YvLnA2JIoIu65ycGeJFgB
=s8f9
-----END PGP PUBLIC KEY BLOCK-----
"""


def ubuntu(
    mirror: Mirror,
    *packages: str,
    keyring: bytes = bytes(KEY),
    suites: tuple[str, ...] = (),
    addresses: tuple[str, ...] = (UBUNTU,),
    stated: tuple[str, ...] = (),
    now: datetime = NOW,
    offline: bool = False,
) -> tuple[tuple[AptIndex, ...], tuple[LockedDeb, ...]]:
    """Resolve packages of noble for a base whose apt has a keyring and addresses; Debian's keys must play no part."""

    def nobody(archive: str) -> NoReturn:
        pytest.fail(f"Debian's keys for {archive}")

    return resolve_debian(
        DebianBase(suite="noble", suites=suites),
        packages,
        AMD64,
        client=mirror,
        settings=Settings(store="/x", archives=(("ubuntu", stated),) if stated else (), offline=offline),
        now=now,
        trusted=nobody,
        system=SystemArchive(name="ubuntu", addresses=addresses, keyrings=(("k.gpg", keyring),), subject="base"),
    )


def pocket(suite: str) -> Callable[[str], str]:
    """What Ubuntu's Release file of a pocket says: its own name as Suite, the release's as Codename."""
    return lambda text: text.replace(
        f"Codename: {suite}\n", f"Suite: {suite}\nCodename: {suite.partition('-')[0]}\n"
    ).replace("Origin: Debian\n", "Origin: Ubuntu\n")


def test_the_archive_of_another_system() -> None:
    """Every suite is of the one archive, wherever its name says ``security``; the base's key signs them all."""
    mirror = Mirror()
    mirror.suite("noble", root=UBUNTU, label="Ubuntu", change=pocket("noble"))
    mirror.suite("noble-security", entry("tool", "2"), root=UBUNTU, label="Ubuntu", change=pocket("noble-security"))
    indexes, debs = ubuntu(mirror, "tool", suites=("noble-security",))
    assert [(index.archive, index.suite) for index in indexes] == [("ubuntu", "noble"), ("ubuntu", "noble-security")]
    assert {index.signed_by for index in indexes} == {KEY.fingerprint.upper()}
    assert [(deb.version, deb.archive) for deb in debs if deb.name == "tool"] == [("2", "ubuntu")]
    with pytest.raises(IntegrityError, match="TB2114"):  # the pocket of another release, or a release as a pocket
        ubuntu(mirror, "tool", suites=("noble-updates",), addresses=(_renamed(mirror, "noble", "noble-updates"),))


def _renamed(mirror: Mirror, suite: str, other: str) -> str:
    """The address of a mirror that serves a suite under another's name."""
    for url, body in tuple(mirror.files.items()):
        mirror.files[url.replace("archive.example", "bad.example")] = body
        if f"/dists/{suite}/" in url:
            name = url.replace("archive.example", "bad.example").replace(f"/dists/{suite}/", f"/dists/{other}/")
            mirror.files[name] = body
    return UBUNTU.replace("archive.example", "bad.example")


def test_a_setting_comes_before_the_sources_of_the_base() -> None:
    """The base's addresses are the last resort, and what is offline asks no one."""
    mirror = Mirror()
    mirror.suite("noble", root="http://mirror.example/ubuntu", change=pocket("noble"))
    assert len(ubuntu(mirror, "tool", stated=("http://mirror.example/ubuntu",))[1]) == 3
    assert all(url.startswith("http://mirror.example/") for url in mirror.asked)
    with pytest.raises(FetchError, match=r"TB2144.*TWINBUILD_UBUNTU_MIRROR"):
        ubuntu(Mirror(), "tool")
    with pytest.raises(EnvironmentFault, match=r"TB2293.*TWINBUILD_UBUNTU_MIRROR"):
        ubuntu(mirror, "tool", addresses=())
    with pytest.raises(UsageError, match="TB2045"):
        ubuntu(mirror, "tool", offline=True)


def test_an_index_that_lies_on_the_next_mirror() -> None:
    """One signed suite may be spread over several addresses, each with some platforms: what is named is sought on."""
    mirror = Mirror()
    mirror.suite("noble", root=UBUNTU, change=pocket("noble"))
    ports = UBUNTU + "-ports"
    for url in [url for url in mirror.files if "binary-" in url]:
        mirror.files[url.replace(UBUNTU, ports)] = mirror.files.pop(url)
    assert len(ubuntu(mirror, "tool", addresses=(UBUNTU, ports))[1]) == 3


def test_a_suite_that_the_base_does_not_trust() -> None:
    """TB2292 names who signed it and whose key counts; keys that are dead count only if there is no other."""
    mirror = Mirror()
    mirror.suite("noble", root=UBUNTU, change=pocket("noble"), key=OTHER)
    strange = OTHER.extract_certificate().fingerprint.upper()
    with pytest.raises(IntegrityError, match=rf"TB2292.*by no key that the base's apt has.*{KEY.fingerprint.upper()}"):
        ubuntu(mirror, "tool")
    assert ubuntu(mirror, "tool", keyring=bytes(KEY) + bytes(OTHER.extract_certificate()))[0][0].signed_by == strange
    late = NOW + timedelta(days=365 * 30)
    with pytest.raises(LockError, match="TB2290"):
        ubuntu(mirror, "tool", keyring=b"")
    mirror.suite("noble", root=UBUNTU, change=pocket("noble"))
    with pytest.raises(IntegrityError, match=r"TB2112.*expired.*name a newer base"):
        ubuntu(mirror, "tool", now=late)
    mirror.suite("noble", root=UBUNTU, change=pocket("noble"), key=Tsk.generate("Third <third@debian.example>"))
    with pytest.raises(IntegrityError, match=r"TB2292.*expired on.*" + strange):
        ubuntu(mirror, "tool", keyring=bytes(KEY) + bytes(OTHER.extract_certificate()), now=late)
    old = bytes(Cert.from_bytes(OLD))
    with pytest.raises(IntegrityError, match=r"TB2292.*vouches for itself by a digest that no longer counts"):
        ubuntu(mirror, "tool", keyring=old + bytes(KEY))
    with pytest.raises(IntegrityError, match=r"TB2112.*SHA-1"):
        ubuntu(mirror, "tool", keyring=old)
    mirror.suite("noble", root=UBUNTU, change=pocket("noble"))
    assert ubuntu(mirror, "tool", keyring=old + bytes(KEY))[0][0].signed_by == KEY.fingerprint.upper()
    mirror.files[f"{UBUNTU}/dists/noble/InRelease"] = b"Origin: Ubuntu\n"
    with pytest.raises(IntegrityError, match="TB2110"):
        ubuntu(mirror, "tool")


def test_next_mirror_and_plain_path() -> None:
    """A mirror that does not answer is passed over; one without by-hash is asked for the plain name."""
    mirror = Mirror()
    mirror.suite(compress=gzip.compress, suffix=".gz")
    mirror.files = {url: content for url, content in mirror.files.items() if "by-hash" not in url}
    _, debs = resolve(mirror, "tool", mirrors=("http://dead.example/debian", MIRROR))
    assert len(debs) == 3
    assert mirror.asked[-1].endswith("Packages.gz")


def test_no_mirror_answers() -> None:
    """TB2144 has each answer."""
    with pytest.raises(FetchError, match=r"TB2144.*a\.example.*b\.example"):
        resolve(Mirror(), mirrors=("http://a.example", "http://b.example"))


def test_a_suite_that_no_mirror_has() -> None:
    """TB2144 says to check the name where every mirror answers that there is no such file."""

    class Empty(Mirror):
        def get(self, address: str, *, limit: int, accept: str = "*/*", allow_http: bool = False) -> NoReturn:
            raise FetchError.of("TB3015", "the server has no such file (status 404)", hint="h", where=address)

    with pytest.raises(FetchError, match=r"TB2144.*no mirror has it: http://a\.example.*404.*check suite"):
        resolve(Empty(), mirrors=("http://a.example",))


def test_no_mirror_known() -> None:
    """TB2140 names the variable."""
    with pytest.raises(EnvironmentFault, match=r"TB2140.*TWINBUILD_DEBIAN_MIRROR"):
        resolve(Mirror(), mirrors=())


def test_missing_component() -> None:
    """A suite without packages for the component says so."""
    mirror = Mirror()
    mirror.suite(change=lambda text: text.replace("main/", "contrib/"))
    with pytest.raises(LockError, match=r"TB2119.*components: contrib"):
        resolve(mirror)


def test_indexes_are_kept_by_digest() -> None:
    """With a store an index is downloaded once."""
    mirror = Mirror()
    mirror.suite()
    store = MemoryStore()
    base = DebianBase(suite="bookworm")
    settings = Settings(store="/x", archives=(("debian", (MIRROR,)),))
    results = [
        resolve_debian(
            base, (), AMD64, client=mirror, settings=settings, now=NOW, store=store, trusted=lambda _: (KEY,)
        )
        for _ in range(2)
    ]
    assert results[0] == results[1]
    assert [url.rpartition("/")[2] == "InRelease" for url in mirror.asked] == [True, False, True]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda text: text.replace("Codename: bookworm", "Codename: trixie"), "TB2114"),
        (lambda text: text.replace("Origin: Debian", "Origin: Other"), "TB2115"),
        (lambda text: text.replace("SHA256:", "MD5Sum:"), "TB2113"),
        (lambda text: text.replace("Date: ", "Date: x"), "TB2118"),
        (lambda text: text + "Evil\n", "TB2101"),
    ],
)
def test_signed_but_wrong(change: Callable[[str], str], code: str) -> None:
    """A good signature under the wrong text does not help."""
    mirror = Mirror()
    mirror.suite(change=change)
    assert failing(mirror) == [code]


@pytest.mark.parametrize(
    ("tamper", "code"),
    [
        (lambda content: content.replace(b"Origin: Debian", b"Origin: Debiam"), "TB2111"),
        (lambda content: content.replace(b"bookworm", b"bookw\xffrm"), "TB2111"),
        (lambda content: b"Evil: yes\n" + content, "TB2110"),
        (lambda content: content + content, "TB2110"),
        (lambda _: b"<html>Please log in</html>", "TB2110"),
        (lambda content: content[: content.index(b"-----BEGIN PGP SIGNATURE")], "TB2110"),
    ],
)
def test_changed_after_signing(tamper: Callable[[bytes], bytes], code: str) -> None:
    """Any byte that the key did not sign is refused, and no other mirror is asked."""
    mirror = Mirror()
    mirror.suite()
    mirror.files = {url: tamper(body) if url.endswith("InRelease") else body for url, body in mirror.files.items()}
    assert failing(mirror) == [code]
    assert len(mirror.asked) == 1


def test_wrong_key() -> None:
    """A stranger's signature is none, and the message names the stranger's key."""
    mirror = Mirror()
    mirror.suite(key=OTHER)
    with pytest.raises(IntegrityError, match=r"TB2111.*signed by [0-9A-F]{40}"):
        resolve(mirror)


def test_expired_and_not_yet_valid() -> None:
    """The time that is passed in judges Date, Valid-Until and the key's own expiry."""
    mirror = Mirror()
    until = NOW + timedelta(days=7)
    mirror.suite(extra=f"Valid-Until: {until:%a, %d %b %Y %H:%M:%S} UTC\n")
    assert failing(mirror, NOW - timedelta(hours=1)) == ["TB2116"]
    assert failing(mirror, NOW + timedelta(days=8)) == ["TB2117"]
    assert failing(mirror, NOW + timedelta(days=365 * 30)) == ["TB2112"]


@pytest.mark.parametrize(
    ("replace", "code"),
    [
        (lambda packed: packed[:-1], "TB2120"),
        (lambda packed: packed[:-1] + b"\0", "TB2120"),
        (lambda _: lzma.compress(b"Package: evil\n"), "TB2120"),
    ],
)
def test_index_that_was_not_signed(replace: Callable[[bytes], bytes], code: str) -> None:
    """Size and digest of the compressed index are checked before it is opened."""
    mirror = Mirror()
    mirror.suite()
    mirror.files = {url: replace(body) if "binary-" in url else body for url, body in mirror.files.items()}
    assert failing(mirror) == [code]


@pytest.mark.parametrize(
    ("compress", "suffix", "code"),
    [
        (lambda _: b"not compressed at all", ".xz", "TB2121"),
        (lambda _: b"not compressed at all", ".gz", "TB2121"),
        (lambda plain: lzma.compress(plain)[:-20], ".xz", "TB2121"),
        (lambda plain: gzip.compress(plain)[:-9], ".gz", "TB2121"),
        (lambda plain: lzma.compress(plain + b"\nPackage: evil\n"), ".xz", "TB2120"),
        (lambda _: lzma.compress(b"\n" * (64 << 20)), ".xz", "TB2120"),
        (lambda plain: lzma.compress(plain[: plain.rindex(b"\nPackage: ")]), ".xz", "TB2120"),
    ],
)
def test_signed_index_that_does_not_open(compress: Callable[[bytes], bytes], suffix: str, code: str) -> None:
    """What comes out must be what was signed as well: no bomb, no rest, nothing cut off."""
    mirror = Mirror()
    mirror.suite(compress=compress, suffix=suffix)
    assert failing(mirror) == [code]


def test_index_beyond_all_measure(monkeypatch: pytest.MonkeyPatch) -> None:
    """An index that says it is larger than any is not even fetched."""
    monkeypatch.setattr(debian, "_PACKAGES_LIMIT", 100)
    mirror = Mirror()
    mirror.suite()
    assert failing(mirror) == ["TB2105"]
    assert len(mirror.asked) == 1


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.file)
def test_shipped_keys_are_what_the_table_says(key: ArchiveKey) -> None:
    """Each file holds the public key of its fingerprint, with a name that is Debian's, still good for years."""
    (archive,) = key.archives
    held = {found.fingerprint.upper(): found for found in certificates(archive)}
    certificate = held[key.fingerprint]
    assert not certificate.is_revoked
    assert certificate.expiration is not None
    assert certificate.expiration.year >= 2031
    assert str(certificate.user_ids[0]).startswith(key.description)
    armoured = (resources.files("twinbuild.resolve") / "keys" / key.file).read_text()
    assert armoured.startswith("-----BEGIN PGP PUBLIC KEY BLOCK-----")


def test_every_key_file_is_in_the_table() -> None:
    """No file lies there unlisted."""
    there = {entry.name for entry in (resources.files("twinbuild.resolve") / "keys").iterdir()}
    assert there == {key.file for key in KEYS}


def test_archives_have_their_own_keys() -> None:
    """A key of the security archive does not sign the main one."""
    assert not {c.fingerprint for c in certificates("debian")} & {
        c.fingerprint for c in certificates("debian-security")
    }


def test_revoked_key() -> None:
    """A key that was revoked is refused by name."""
    revoked = Cert.from_bytes(bytes(KEY) + bytes(KEY.revoke(SECRET.certifier())))
    with pytest.raises(IntegrityError, match=r"TB2112.*was revoked"):
        verify_inrelease(signed("Origin: Debian\n"), (revoked,), now=NOW, where="x")


def test_a_key_file_that_was_exchanged(monkeypatch: pytest.MonkeyPatch) -> None:
    """TB2199: the key that is installed is not the one that the table names."""
    from dataclasses import replace

    from twinbuild.resolve import debian_keys

    key = replace(KEYS[0], fingerprint="0" * 40)
    with pytest.raises(TwinbuildError) as caught:
        debian_keys._certificate(key)
    assert caught.value.findings[0].code == "TB2199"


def test_offline_is_the_reason_where_it_is() -> None:
    """TB2045 and not TB2140: an offline run does not look for mirrors, so it cannot say that there are none."""
    with pytest.raises(UsageError) as caught:
        resolve_debian(
            DebianBase(suite="bookworm"),
            (),
            AMD64,
            client=Mirror(),
            settings=Settings(store="/x", offline=True),
            now=NOW,
            trusted=lambda _: (KEY,),
        )
    assert caught.value.findings[0].code == "TB2045"
