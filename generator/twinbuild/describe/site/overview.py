"""What a release is, in a few facts, and the stamp that says how it was verified."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from twinbuild.codec.amounts import counted
from twinbuild.describe.page import bounds, stated_date
from twinbuild.describe.site.cells import Cell, Fact, Tone, code, digest, text
from twinbuild.describe.site.published import Published

__all__ = ["Mark", "facts", "marks"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """One line of the stamp: a word, what it rests on, and whether it is good news."""

    word: str
    detail: str
    tone: Tone


def marks(release: Published) -> tuple[Mark, ...]:
    """The stamp: made twice, tested, signed, rebuilt by others.

    It says what the release says of itself and what was held against keys.
    """
    manifest = release.document
    found = (_reproduced(manifest["verification"]), _tested(manifest["tests"]), _signed(release))
    return (*found, _rebuilt(release)) if release.rebuilders else found


def _rebuilt(release: Published) -> Mark:
    """What rebuilders say: one that got other bytes is named, whoever it is; the others count where verified."""
    others = sum(not each.agrees for each in release.rebuilders)
    if others:
        said = f"by {others} of {counted(len(release.rebuilders), 'rebuilder')}, with other bytes"
        return Mark(word="Disputed", detail=said, tone="bad")
    verified = [each for each in release.rebuilders if each.is_verified]
    built, all_images = {name for each in verified or release.rebuilders for name, *_ in each.images}, _images(release)
    some = "" if built == all_images else f" of {len(built)} of {counted(len(all_images), 'image')}"
    word = "Partly rebuilt" if some else "Rebuilt"
    if not verified:
        said = f"by others, who got the same bytes{some}; this page did not verify it"
        return Mark(word=word, detail=said, tone="warn")
    keys = len({each.keyid for each in verified})
    said = f"{counted(keys, 'rebuilder')} got the same bytes{some}, verified when this page was made"
    return Mark(word=word, detail=said, tone="warn" if some else "good")


def _images(release: Published) -> set[str]:
    return {f"{each['variant']} {each['platform']}" for each in release.document["environment"]["images"]}


def _reproduced(verification: dict[str, Any]) -> Mark:
    identical = verification["verdict"] == "identical"
    detail = f"{counted(verification['builds'], 'build')} under {counted(len(verification['variations']), 'variation')}"
    return Mark(
        word="Reproduced" if identical else "Not reproduced",
        detail=f"{detail}, {'the same bytes' if identical else verification['verdict']}",
        tone="good" if identical else "bad",
    )


def _tested(tests: dict[str, Any]) -> Mark:
    images = tests.get("images", ())
    passed = sum(one["verdict"] == "passed" for one in images)
    if not images or not passed:
        return Mark(word="Not tested", detail="no image has passed tests", tone="warn")
    proven = sum(len(one.get("proven", ())) for one in images)
    return Mark(
        word="Tested" if passed == len(images) else "Partly tested",
        detail=f"{passed} of {counted(len(images), 'image')} passed, {counted(proven, 'claim')} proven",
        tone="good" if passed == len(images) else "warn",
    )


def _signed(release: Published) -> Mark:
    verified = sum(each.is_verified for each in release.signers)
    many = counted(len(release.signers), "key")
    if verified:
        return Mark(word="Signed", detail=f"{verified} of {many} verified when this page was made", tone="good")
    if release.signers:
        return Mark(word="Signed", detail=f"by {many}; this page did not verify them", tone="warn")
    return Mark(word="Unsigned", detail="no key vouches for it: compare the release digest", tone="warn")


def facts(release: Published) -> tuple[Fact, ...]:
    """Owners, model, source, service and what it needs."""
    return tuple(_facts(release.document))


def _facts(manifest: dict[str, Any]) -> Iterator[Fact]:
    metadata, model, serving = manifest["metadata"], manifest["model"], manifest["serving"]
    yield Fact(term="Date", cells=(text(stated_date(metadata)),))
    yield Fact(term="Team", cells=(text(metadata["team"]),))
    yield Fact(
        term="Owners", cells=tuple(text(owner["name"], note=owner["email"]) for owner in metadata.get("owners", ()))
    )
    yield Fact(term="Model", cells=(text(f"{model['family']} {model['version']}", note=_summary(model)),))
    yield Fact(term="Source", cells=tuple(_source(manifest["source"])))
    yield Fact(term="Command", cells=(code(shlex.join(serving["command"])),))
    user = serving["user"]
    yield Fact(term="Account", cells=(text(f"{user['name']}, user {user['uid']}, group {user['gid']}"),))
    if serving.get("ports"):
        yield Fact(
            term="Ports", cells=(text(", ".join(f"{each['name']} {each['port']}" for each in serving["ports"])),)
        )
    yield from _needs(manifest["environment"].get("resources", {}))
    if metadata.get("labels"):
        yield Fact(term="Labels", cells=tuple(code(f"{key}={value}") for key, value in metadata["labels"].items()))
    yield Fact(term="Lock", cells=(digest(manifest["dependencies"]["lock"]),))


def _summary(model: dict[str, Any]) -> str:
    return str((model.get("card") or {}).get("summary") or "")


def _source(source: dict[str, Any]) -> Iterator[Cell]:
    if source.get("repository"):
        yield Cell(text=source["repository"], kind="link", href=source["repository"])
    if source.get("commit"):
        yield code(source["commit"])
    yield text(counted(len(source["files"]), "file") + (", changed since the commit" if source.get("modified") else ""))
    yield digest(source["digest"])


def _needs(resources: dict[str, Any]) -> Iterator[Fact]:
    for key, term in (("cpu", "Processors"), ("memory", "Memory")):
        if said := bounds(resources.get(key, {})):
            yield Fact(term=term, cells=(text(said),))
    if count := resources.get("gpu", {}).get("count"):
        yield Fact(term="Devices", cells=(text(count),))
