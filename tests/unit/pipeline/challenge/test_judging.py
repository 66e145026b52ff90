"""Who dissents, and when nobody can say: statements of real keys about a real release."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from fakes.signed import SignedDist, signed, signed_once
from fakes.tool import Tool, tool
from twinbuild.codec.dsse import IN_TOTO, Envelope, Signature, encode_envelope, pae
from twinbuild.describe.rebuilt import encode_rebuilt
from twinbuild.govern.keys import PrivateKey, new_key
from twinbuild.model.digest import Digest
from twinbuild.model.rebuilt import Rebuilt, RebuiltImage
from twinbuild.pipeline.challenge.making import statement_name

__all__ = ["signed", "signed_once", "tool"]

KEYS = {name: new_key("ed25519" if name in "bd" else "ecdsa") for name in "abcde"}
OTHER, THIRD = Digest.of(b"other"), Digest.of(b"third")


def _true(dist: Path) -> Rebuilt:
    manifest = json.loads((dist / "manifest.json").read_bytes())
    (image,) = manifest["environment"]["images"]
    return Rebuilt(
        name="tiny",
        version="1.0.0",
        lock=Digest.parse(manifest["dependencies"]["lock"]),
        source=Digest.parse(manifest["source"]["digest"]),
        images=(
            RebuiltImage(
                variant="cpu",
                platform="linux/amd64",
                derivation=Digest.of(b"derivation"),
                digest=Digest.parse(image["digest"]),
            ),
        ),
        tool="1",
        python="3.11",
    )


def _with(rebuilt: Rebuilt, digest: Digest) -> Rebuilt:
    return replace(rebuilt, images=(replace(rebuilt.images[0], digest=digest),))


def _said(place: Path, rebuilt: Rebuilt, *keys: PrivateKey, claim: tuple[PrivateKey, ...] = ()) -> str:
    """A statement's file; ``claim``: the keys whose names the signatures bear, in place of who signed."""
    payload = encode_rebuilt(rebuilt)
    signatures = tuple(
        Signature(keyid=name.public.keyid, sig=key.sign(pae(IN_TOTO, payload)))
        for key, name in zip(keys, claim or keys, strict=True)
    )
    ordered = tuple(sorted(signatures, key=lambda each: each.keyid))
    path = place / f"{len(list(place.glob('*.said')))}.said"
    path.write_bytes(encode_envelope(Envelope(payload_type=IN_TOTO, payload=payload, signatures=ordered)))
    return str(path)


@pytest.fixture
def public(tmp_path: Path) -> dict[str, tuple[str, str]]:
    """``--key FILE`` for each key."""
    for name, key in KEYS.items():
        (tmp_path / f"{name}.pub").write_bytes(key.public.pem)
    return {name: ("--key", str(tmp_path / f"{name}.pub")) for name in KEYS}


# Of three keys: t the release's image, o another, x a third, - none.
@pytest.mark.parametrize(
    ("votes", "threshold", "status", "dissenters", "release"),
    [
        ("ttt", 3, 0, "", False),
        ("tt-", 2, 0, "", False),
        ("tto", 2, 7, "c", False),
        ("oot", 2, 7, "c", True),
        ("ooo", 2, 7, "", True),
        ("tox", 2, 8, "", False),
        ("t--", 2, 8, "", False),
        ("tto", 3, 8, "", False),
        ("to-", 1, 8, "", False),
        ("t--", 1, 0, "", False),
        ("---", 1, 8, "", False),
    ],
)
def test_votes(
    tool: Tool,
    signed: SignedDist,
    tmp_path: Path,
    public: dict[str, tuple[str, str]],
    *,
    votes: str,
    threshold: int,
    status: int,
    dissenters: str,
    release: bool,
) -> None:
    """K of n decide; who got something else is named, be it the release; else nothing is said."""
    true = _true(signed.dist)
    made = {"t": true, "o": _with(true, OTHER), "x": _with(true, THIRD)}
    files = [
        _said(tmp_path, made[vote], KEYS[name]) for name, vote in zip("abc", votes, strict=True) if vote in made
    ] or [_said(tmp_path, true, KEYS["e"])]
    keys = [word for name in "abc" for word in public[name]]
    ended = tool("challenge", str(signed.dist), *files, *keys, "--threshold", str(threshold), "--json")
    assert ended.status == status, ended.err
    (image,) = json.loads(ended.out)["images"]
    assert image["verdict"] == {0: "agreed", 7: "dissent", 8: "undecidable"}[status]
    if status == 7:
        assert sorted(image["dissenters"]) == sorted(KEYS[name].public.keyid for name in dissenters)
        assert ("the release has" in ended.err) is release
    assert [code for code in ("TB6103", "TB6104") if code in ended.err] == {7: ["TB6103"], 8: ["TB6104"]}.get(
        status, []
    )
    plain = tool("challenge", str(signed.dist), *files, *keys, "--threshold", str(threshold))
    assert plain.status == status
    assert plain.out.startswith(image["verdict"])
    named = dict(zip("abc", keys[1::2], strict=True))
    for name in (name for name, vote in zip("abc", votes, strict=True) if vote in made):
        assert f"  by {KEYS[name].public.keyid}  {named[name]}\n" in plain.out
    assert all(f"{Path(named[name]).name} ({KEYS[name].public.keyid}) got" in plain.err for name in dissenters)


def test_who_is_not_heard(tool: Tool, signed: SignedDist, tmp_path: Path, public: dict[str, tuple[str, str]]) -> None:
    """Strangers, and statements about other sources or another release: each with its reason."""
    true = _true(signed.dist)
    others = (
        (true, "e", "none of the given keys"),
        (replace(true, lock=OTHER), "c", "about the lock"),
        (replace(true, source=OTHER), "c", "about the application"),
        (replace(true, version="2.0.0"), "c", "about the release tiny 2.0.0"),
    )
    files = [_said(tmp_path, true, KEYS["a"], KEYS["b"])]  # two keys under one statement are two votes
    files += [_said(tmp_path, each, KEYS[key]) for each, key, _ in others]
    keys = [word for name in "abc" for word in public[name]]
    ended = tool("challenge", str(signed.dist), *files, *keys, "--json")
    assert ended.status == 0, ended.err
    why = [each["why"] for each in json.loads(ended.out)["not_counted"]]
    assert len(why) == len(others)
    assert all(reason in got for got, (*_, reason) in zip(why, others, strict=True))


def test_a_key_with_two_words(
    tool: Tool, signed: SignedDist, tmp_path: Path, public: dict[str, tuple[str, str]]
) -> None:
    """It counts for nothing, and is named; the same word twice is one vote."""
    true = _true(signed.dist)
    files = [_said(tmp_path, each, KEYS[key]) for each, key in ((true, "a"), (true, "a"), (true, "b"))]
    keys = [word for name in "abc" for word in public[name]]
    assert tool("challenge", str(signed.dist), *files, *keys).status == 0
    assert tool("challenge", str(signed.dist), *files, *keys, "--threshold", "3").status == 8
    files += [_said(tmp_path, each, KEYS["c"]) for each in (true, _with(true, OTHER))]
    ended = tool("challenge", str(signed.dist), *files, *keys)
    assert ended.status == 7
    assert f"{Path(keys[-1]).name} ({KEYS['c'].public.keyid}) signed statements with different images" in ended.err


def test_another_image_lies_there(
    tool: Tool, signed: SignedDist, tmp_path: Path, public: dict[str, tuple[str, str]]
) -> None:
    """A manifest that all agree on, beside blobs that are not what it names, is no release that all agree on."""
    files = [_said(tmp_path, _true(signed.dist), KEYS["a"], KEYS["b"])]
    keys = [word for name in "ab" for word in public[name]]
    layer = max((signed.dist / "image" / "blobs" / "sha256").iterdir(), key=lambda path: path.stat().st_size)
    content = layer.read_bytes()
    layer.chmod(0o644)
    layer.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    ended = tool("challenge", str(signed.dist), *files, *keys)
    assert (ended.status, ended.out) == (5, ""), ended.err
    alone = tmp_path / "alone.json"
    alone.write_bytes((signed.dist / "manifest.json").read_bytes())
    assert tool("challenge", str(alone), *files, *keys).status == 0


def test_a_forged_statement(tool: Tool, signed: SignedDist, tmp_path: Path, public: dict[str, tuple[str, str]]) -> None:
    """In the name of a rebuilder, by another key: nothing is decided, even where enough others are good."""
    true = _true(signed.dist)
    files = [_said(tmp_path, true, KEYS["a"], KEYS["b"]), _said(tmp_path, true, KEYS["e"], claim=(KEYS["c"],))]
    keys = [word for name in "abc" for word in public[name]]
    ended = tool("challenge", str(signed.dist), *files, *keys)
    assert (ended.status, "TB6102" in ended.err) == (8, True)


def test_what_is_no_statement(
    tool: Tool, signed: SignedDist, tmp_path: Path, public: dict[str, tuple[str, str]]
) -> None:
    """A signed release is none, nor is a file that is not there, nor a threshold out of reach."""
    dist, key = str(signed.dist), public["a"]
    release = str(signed.dist / "signatures" / "release.dsse.json")
    ended = tool("challenge", dist, release, *signed.public("ada"), "--threshold", "1")
    assert (ended.status, "TB6101" in ended.err) == (8, True)
    assert tool("challenge", dist, str(tmp_path / "none"), *key, "--threshold", "1").status == 2
    (tmp_path / "some.json").write_text("{}")
    ended = tool("challenge", dist, str(tmp_path / "some.json"), *key, "--threshold", "1")
    assert (ended.status, "TB6101" in ended.err, "take it again from who made it" in ended.err) == (8, True, True)
    one = _said(tmp_path, _true(signed.dist), KEYS["a"])
    assert tool("challenge", dist, one, *key, "--threshold", "2").status == 2
    assert tool("challenge", dist, one, *key, *key, "--threshold", "2").status == 2


def test_names_of_files() -> None:
    """A statement's own."""
    rebuilt = replace(_one(), name="tiny", version="1.0.0")
    assert statement_name(rebuilt, "ab" * 32) == f"tiny-1.0.0.rebuild.{'ab' * 8}.dsse.json"


def _one() -> Rebuilt:
    digest = Digest.of(b"")
    return Rebuilt(name="n", version="v", lock=digest, source=digest, images=(), tool="t", python="p")
