"""Pages of HTML from values: templates with every value escaped, style and script inside, nothing else let in.

What is text stays text: characters that steer a reader's eye (controls, marks of direction) are written out, and a
link is one to http or https or to another page of the catalogue, or no link.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from jinja2 import DictLoader, Environment, StrictUndefined
from markupsafe import Markup

from twinbuild import __version__
from twinbuild.codec.amounts import counted
from twinbuild.describe.site.beside import beside
from twinbuild.describe.site.catalogue import Entry, listing
from twinbuild.describe.site.components import Graph, components, graph, licences, row_ids
from twinbuild.describe.site.difference import RENDERED, TONES, Comparison
from twinbuild.describe.site.evidence import (
    audit,
    figures,
    governance,
    proofs,
    rebuilders,
    signatures,
    variations,
    witnesses,
)
from twinbuild.describe.site.images import images, matrix
from twinbuild.describe.site.knobs import knobs, rules, secrets, services
from twinbuild.describe.site.network import networks
from twinbuild.describe.site.overview import facts, marks
from twinbuild.describe.site.published import Published
from twinbuild.describe.site.rollout import conditions, failures, picture

__all__ = ["TEMPLATES", "Pages"]

TEMPLATES: Final = (
    "site/base.html.j2",
    "site/cells.html.j2",
    "site/pictures.html.j2",
    "site/release.html.j2",
    "site/index.html.j2",
    "site/difference.html.j2",
    "site/chooser.html.j2",
    "site/site.css",
    "site/site.js",
)
_ADDRESS: Final = re.compile(r"https?://[^\s\x00-\x20\x7f\"'<>\\^`{|}]+", re.ASCII)
_PAGE: Final = re.compile(r"(\.\./)?((releases|compare)/)?[A-Za-z0-9.-]+\.html", re.ASCII)
_KINDS: Final = {
    "deb": "Debian packages",
    "wheel": "Wheels",
    "library": "Libraries within wheels",
    "model": "Model",
    "artifact": "Artifacts",
    "source file": "Files of the application",
    "data set": "Data sets",
}
_KEPT: Final = "\n\t"
_END: Final = re.compile(r"</(?:style|script)", re.IGNORECASE)


class Pages:
    """The pages, by the texts of ``TEMPLATES``."""

    def __init__(self, templates: Mapping[str, str]) -> None:
        style, script = templates["site/site.css"].strip(), templates["site/site.js"].strip()
        assert not _END.search(style + script)
        environment = Environment(
            loader=DictLoader({name: text for name, text in templates.items() if name.endswith(".j2")}),
            autoescape=True,
            undefined=StrictUndefined,
            finalize=_finalize,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        environment.filters["address"] = _address
        environment.filters["embedded"] = _embedded
        environment.filters["counted"] = counted
        environment.globals.update(
            style=Markup(style),  # noqa: S704  ours, and without an end tag
            script=Markup(script),  # noqa: S704  likewise
            policy=(
                f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; img-src data:; "
                "base-uri 'none'; form-action 'none'"
            ),
            version=__version__,
        )
        self._get: Callable[[str], Any] = environment.get_template

    def report(self, release: Published, *, in_catalogue: bool = False) -> bytes:
        """The page of one release. In a catalogue it links to the list of all, and to what changed."""
        manifest, bom = release.document, release.bom
        found, without = graph(bom), beside(manifest)
        return self._page(
            "release",
            release=release,
            metadata=manifest["metadata"],
            model=manifest["model"],
            marks=marks(release),
            facts=facts(release),
            matrix=matrix(manifest),
            images=images(manifest, release.contents, row_ids(bom)),
            graph=found,
            networks=networks(
                found, f"{release.name} {release.version}", beside=len(without.rows), beside_href="beside"
            ),
            beside=without,
            graph_document=_graph(found),
            components=components(bom),
            licences=licences(bom),
            picture=picture(manifest),
            conditions=conditions(manifest),
            failures=failures(manifest),
            setting=tuple(each(manifest) for each in (knobs, rules, secrets, services)),
            evidence=(
                signatures(release),
                witnesses(release),
                rebuilders(release),
                proofs(manifest),
                figures(release),
                variations(manifest),
                governance(manifest),
            ),
            audit=audit(release),
            reproduce=manifest["reproduce"],
            in_catalogue=in_catalogue,
        )

    def index(self, entries: Sequence[Entry], names: Mapping[str, tuple[Entry, ...]]) -> bytes:
        """The first page of a catalogue. ``names`` are those of ``by_name``."""
        return self._page("index", listing=listing(entries), names=names, count=len(entries))

    def difference(self, older: Entry, newer: Entry, found: Comparison) -> bytes:
        """What changed from one release to another."""
        return self._page("difference", older=older, newer=newer, found=found, tones=TONES, rendered=RENDERED)

    def chooser(self, name: str, entries: Sequence[Entry], document: Mapping[str, Any]) -> bytes:
        """A page that compares any two releases of a name, newest first, in the reader's browser.

        ``document`` is what its script reads.
        """
        return self._page("chooser", name=name, entries=entries, document=document)

    def _page(self, template: str, **values: object) -> bytes:
        text: str = self._get(f"site/{template}.html.j2").render(**values)
        return text.encode()


def _graph(found: Graph) -> dict[str, object]:
    kinds = list(dict.fromkeys(each.kind for each in found.nodes))
    titles = [_KINDS.get(each, each.capitalize()) for each in kinds]
    nodes = [[each.name, each.version, kinds.index(each.kind), int(each.is_direct), each.needs] for each in found.nodes]
    return {"kinds": titles, "nodes": nodes}


def _finalize(value: object) -> object:
    """A value that a template prints; characters that nobody sees are written out."""
    if isinstance(value, Markup):
        return value
    said = str(value)
    return said if said.isprintable() else "".join(map(_shown, said))


def _shown(character: str) -> str:
    return character if character.isprintable() or character in _KEPT else f"<U+{ord(character):04X}>"


def _address(value: str) -> str:
    """What a link may lead to: an address of the web, or a page of the catalogue; else nothing."""
    return value if _ADDRESS.fullmatch(value) or _PAGE.fullmatch(value) else ""


def _embedded(value: object) -> Markup:
    """A value as JSON in an element of script: no character of it can end the element."""
    written = json.dumps(value, ensure_ascii=True, separators=(",", ":"))
    for character in "<>&":
        written = written.replace(character, f"\\u{ord(character):04x}")
    return Markup(written)  # noqa: S704  nothing of HTML is left in it


def _hash(content: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}"
