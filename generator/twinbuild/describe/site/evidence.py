"""What a release rests on: variations of the second build, tests and figures, builders, signatures, the audit trail."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from twinbuild.codec.auditentry import is_key
from twinbuild.describe.site.cells import Cell, Table, amount, badge, code, columns, digest, number, text
from twinbuild.describe.site.published import Published

__all__ = ["audit", "figures", "governance", "proofs", "rebuilders", "signatures", "variations", "witnesses"]

_BYTES: Final = ("memory",)


def variations(manifest: dict[str, Any]) -> Table:
    """What was different in the second build, on purpose."""
    return Table(
        name="variations",
        caption="Variations of the second build",
        columns=columns("Variation", "What was different"),
        rows=tuple((text(one["name"]), text(one["description"])) for one in manifest["verification"]["variations"]),
        empty="The second build was under the same conditions.",
    )


def proofs(manifest: dict[str, Any]) -> Table:
    """Each claim that tests have proven of an image, and each that none could."""
    return Table(
        name="proofs",
        caption="Tests",
        columns=columns("Image", "Claim", "Verdict"),
        rows=tuple(_proofs(manifest["tests"].get("images", ()))),
        empty="No image of this release was tested.",
        searched="Search tests",
    )


def _proofs(images: Any) -> Iterator[tuple[Cell, ...]]:
    for one in images:
        image = text(f"{one['variant']} {one['platform']}")
        if one["verdict"] != "passed":
            yield image, text("all tests", note=one.get("reason", "")), badge(one["verdict"], "warn")
        for proof in one.get("proven", ()):
            yield image, code(proof), badge("proven", "good")
        for each in one.get("not_proven", ()):
            yield image, Cell(text=each["proof"], kind="code", note=each["reason"]), badge("not shown", "warn")


def figures(release: Published) -> Table:
    """What one machine measured while it tested; no promise about another."""
    return Table(
        name="figures",
        caption="Figures of the test run",
        columns=columns("Image", "Figure", "#Measured", "#Limit"),
        rows=tuple(_figures(release.tests, _titles(release.document))),
    )


def _titles(manifest: Mapping[str, Any]) -> dict[str, str]:
    """What an image is called on the page, by what the statement of the tests calls it."""
    images = manifest["tests"].get("images", ())
    return {
        f"{one['variant']}-{one['platform'].replace('/', '-')}": f"{one['variant']} {one['platform']}" for one in images
    }


def _figures(statement: bytes, titles: Mapping[str, str]) -> Iterator[tuple[Cell, ...]]:
    observed = json.loads(statement)["predicate"].get("observed", {}) if statement else {}
    for key, seen in sorted(observed.items()):
        image = titles.get(key, key)
        limits = seen.get("limits", {})
        for name, value in sorted(seen.get("figures", {}).items()):
            yield text(image), text(name), _figure(name, value), _figure(name, limits.get(name))
        for one in seen.get("accuracy", ()):
            yield text(image), text(f"{one['metric']} of {one['name']}"), _figure("", one["value"]), text("")


def _figure(name: str, value: float | None) -> Cell:
    if value is None:
        return text("")
    if name in _BYTES:
        return Cell(text=amount(int(value)), kind="number", sort=str(value))
    if name == "throughput":
        return Cell(text=f"{value:,.1f} answers/s", kind="number", sort=str(value))
    if name.startswith("latency") or name == "startup":
        said = f"{value * 1000:.1f} ms" if value < 1 else f"{value:.2f} s"
        return Cell(text=said, kind="number", sort=str(value))
    return Cell(text=f"{value:.4g}" if abs(value) < 1 else f"{value:,.1f}", kind="number", sort=str(value))


def witnesses(release: Published) -> Table:
    """Builders that made the same bytes."""
    return Table(
        name="witnesses",
        caption="Builders that arrived at these bytes",
        columns=columns("Builder", "Versions", "Identity"),
        rows=tuple((text(each.title), text(each.versions), code(each.identity)) for each in release.builders),
        empty="No statement of a builder was given with this release.",
    )


def rebuilders(release: Published) -> Table:
    """What others got who built the images from their sources; `twinbuild challenge` judges whether that is enough."""
    return Table(
        name="rebuilders",
        caption="Rebuilders",
        columns=columns("Key id", "Image", "Got", "Digest", "Made with", "Verified"),
        rows=tuple(
            (
                digest(each.keyid),
                text(image),
                badge("the same bytes", "good") if same else badge("other bytes", "bad"),
                digest(got),
                text(each.versions),
                badge("verified", "good") if each.is_verified else badge("not verified here", "warn"),
            )
            for each in release.rebuilders
            for image, got, same in each.images
        ),
    )


def signatures(release: Published) -> Table:
    """Keys by their id, and whether a signature was verified when the page was made."""
    return Table(
        name="signatures",
        caption="Signatures",
        columns=columns("Key id", "Signed", "Verified"),
        rows=tuple(
            (
                digest(each.keyid),
                text(", ".join(each.texts)),
                badge("verified", "good") if each.is_verified else badge("not verified here", "warn"),
            )
            for each in release.signers
        ),
        empty="Nobody has signed this release.",
    )


def governance(manifest: dict[str, Any]) -> Table:
    """Who may do what."""
    section = manifest["governance"]
    rows = [
        (text(role), text(", ".join(section.get("roles", {}).get(role, ()))))
        for role in ("creators", "approvers", "deployers")
        if section.get("roles", {}).get(role)
    ]
    rows.append((text("approvals that it needs"), text(section.get("approvals", 0))))
    rows += [(text(name), text(section[name])) for name in ("retention", "classification") if section.get(name)]
    return Table(name="governance", caption="Who may change it", columns=columns("Role", "Who"), rows=tuple(rows))


def audit(release: Published) -> Table:
    """Entries of the log about this release, the oldest first."""
    return Table(
        name="audit",
        caption=f"Entries of {release.log}" if release.log else "Audit trail",
        columns=columns("#Entry", "When", "What", "Who", "Details"),
        rows=tuple(
            (
                number(index),
                text(entry.moment),
                badge(entry.action, "bad" if entry.action in ("refused", "rolled-back") else "good"),
                digest(entry.by) if is_key(entry.by) else text(entry.by),
                text(entry.details),
            )
            for index, entry in release.entries
        ),
        empty=(
            f"{release.log} has no entry about this release."
            if release.log
            else "No audit log was given when this page was made."
        ),
    )
