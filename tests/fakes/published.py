"""Releases as pages are given them: of the committed example's spec and lock, with no image built."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any, Final

from tests.unit.describe.conftest import EXAMPLE, Case, image, load
from tests.unit.describe.test_manifest import manifest_of

from twinbuild.codec.auditentry import Entry
from twinbuild.codec.canonical import canonical
from twinbuild.codec.cyclonedx import decode_bom
from twinbuild.codec.lock import decode_lock
from twinbuild.describe.sbom import release_sbom
from twinbuild.describe.site.contents import Contents, Group
from twinbuild.describe.site.published import Builder, Published, Signer
from twinbuild.model.digest import Digest
from twinbuild.pipeline.site.writing import shipped_pages

__all__ = ["HOSTILE", "example", "hostile", "shipped_pages"]

DAY: Final = 86_400
HOSTILE: Final = (
    "<script>owned=1</script>\"><img src=x onerror=owned=1>' onmouseover='owned=1 </style></script><!-- "
    "javascript:owned=1 {{7*7}} {% raw %} &lt;b&gt; \u202eexe.x\u202c \x07 " + "W" * 300
)
_LAYERS: Final = (
    ("Debian packages", 43_222_741, 132_056_064),
    ("wheel numpy 2.4.6", 16_307_850, 64_190_976),
    ("artifact classifier", 54_857, 321_024),
    ("application", 10_798, 34_304),
)


_GROUPS: Final = (
    (
        Group(
            kind="deb",
            name="coreutils",
            size=18_000_000,
            count=265,
            files=(("usr/bin/ls", 600_000), ("usr/bin/sort", 400_000)),
        ),
        Group(
            kind="deb",
            name="libc6",
            size=13_000_000,
            count=2,
            files=(("usr/lib/libc.so.6", 12_000_000), ("x", 1_000_000)),
        ),
        Group(kind="rest", name="41 others", size=90_000_000, count=3000, files=()),
    ),
    (
        Group(
            kind="wheel",
            name="numpy",
            size=64_000_000,
            count=1046,
            files=(("numpy.libs/libopenblas.so", 25_000_000), ("numpy/core.so", 9_000_000)),
        ),
    ),
)


def _unchanged(_document: dict[str, Any]) -> None:
    """Nothing is changed."""


@cache
def _base() -> Published:
    text = (EXAMPLE / "release.yaml").read_text("utf-8")
    lock = decode_lock((EXAMPLE / "release.lock").read_bytes())
    case = Case(text=text, spec=load(text).spec, lock=lock, images=(image(lock, 0),))
    bom, _ = release_sbom(case.spec, lock, case.images, epoch=case.epoch, lock_digest=Digest.of(b"release.lock"))
    document = json.loads(manifest_of(case))
    (made,) = document["environment"]["images"]
    made["layers"] = [
        {
            **made["layers"][0],
            "title": title,
            "size": size,
            "uncompressed_size": unpacked,
            "diff_id": str(Digest.of(title.encode())),
            "digest": str(Digest.of(title.encode() * 2)),
        }
        for title, size, unpacked in _LAYERS
    ]
    content = canonical(document)
    return Published(
        digest=Digest.of(content),
        name=document["metadata"]["name"],
        version=document["metadata"]["version"],
        time=document["metadata"]["source_date_epoch"],
        manifest=content,
        bom=decode_bom(bom, name="sbom.cdx.json"),
        contents=tuple(
            Contents(layer=layer["digest"], groups=groups)
            for layer, groups in zip(made["layers"], _GROUPS, strict=False)
        ),
        builders=(Builder(title="twinbuild's own assembler", versions="twinbuild 0.1.0", identity="urn:x"),),
    )


def example(
    version: str = "1.0.0", *, day: int = 0, change: Callable[[dict[str, Any]], None] = _unchanged, name: str = ""
) -> Published:
    """The example's release, so many days later, with a change of its manifest."""
    base = _base()
    document = base.document
    document["metadata"] |= {"version": version, "source_date_epoch": base.time + day * DAY, "name": name or base.name}
    change(document)
    content = canonical(document)
    return replace(
        base,
        digest=Digest.of(content),
        name=document["metadata"]["name"],
        version=version,
        time=document["metadata"]["source_date_epoch"],
        manifest=content,
    )


def hostile() -> Published:
    """A release whose every free text wants to be more than text, signed, and with an audit trail."""

    def change(document: dict[str, Any]) -> None:
        document |= _replaced(document)
        document["source"]["repository"] = f"javascript:{HOSTILE}"

    one = example(change=change)
    assert one.bom is not None
    bom = replace(
        one.bom,
        components=tuple(
            replace(each, name=HOSTILE, licences=tuple(replace(said, text=HOSTILE) for said in each.licences))
            for each in one.bom.components
        ),
    )
    entry = Entry(action="note", by="somebody <b>", time=0, details="<img src=x onerror=owned=1>")
    signers = (Signer(keyid="ab" * 32, texts=(HOSTILE,)),)
    contents = tuple(
        replace(
            each,
            groups=tuple(
                replace(group, name=HOSTILE, files=tuple((f"{HOSTILE}\udc80", size) for _, size in group.files))
                for group in each.groups
            ),
        )
        for each in one.contents
    )
    return replace(one, contents=contents, bom=bom, log="log <b>", entries=((7, entry),), signers=signers)


_FREE: Final = (
    "description",
    "summary",
    "message",
    "purpose",
    "team",
    "licence",
    "guidance",
    "title",
    "email",
    "family",
)


def _replaced(value: Any) -> Any:
    """Every free text of a manifest replaced."""
    if isinstance(value, dict):
        return {
            key: HOSTILE if key in _FREE and isinstance(each, str) else _replaced(each) for key, each in value.items()
        }
    return [_replaced(each) for each in value] if isinstance(value, list) else value
