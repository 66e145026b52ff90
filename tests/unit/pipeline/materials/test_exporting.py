"""Exports against the official schemas of CycloneDX 1.7."""

from __future__ import annotations

import json
from pathlib import Path

import cyclonedx.schema
import jsonschema_rs
import pytest
from lxml import etree

from fakes.tiny import tiny_release
from fakes.tool import Tool, tool
from twinbuild.errors import IntegrityError
from twinbuild.pipeline.materials.exporting import _raised_xml, export_bom

__all__ = ["tool"]

_SCHEMAS = Path(str(cyclonedx.schema.__file__)).parent / "_res"


class _Files(etree.Resolver):
    def resolve(self, url: str, pubid: str, context: object) -> object:
        name = "spdx.SNAPSHOT.xsd" if url.endswith("/spdx") else Path(url).name
        return self.resolve_filename(str(_SCHEMAS / name), context)


def test_schemas_of_1_7(tool: Tool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both spellings keep the schemas of the version that they name, and say the same or are not written."""
    dist = tiny_release(tool, tmp_path)
    names = [path.name for path in _SCHEMAS.glob("*.schema.json") if not path.name.startswith("bom-")]
    registry = jsonschema_rs.Registry(
        [(f"http://cyclonedx.org/schema/{name}", json.loads((_SCHEMAS / name).read_text("utf-8"))) for name in names],
        draft=jsonschema_rs.Draft7,
    )
    schema = json.loads((_SCHEMAS / "bom-1.7.SNAPSHOT.schema.json").read_text("utf-8"))
    validator = jsonschema_rs.Draft7Validator(schema, registry=registry, validate_formats=True)
    document = json.loads(export_bom(dist, "cyclonedx-json", "1.7"))
    assert [error.message for error in validator.iter_errors(document)] == []
    assert list(validator.iter_errors({**document, "specVersion": 1.7}))
    parser = etree.XMLParser(no_network=True)
    parser.resolvers.add(_Files())
    xsd = etree.XMLSchema(etree.parse(_SCHEMAS / "bom-1.7.SNAPSHOT.xsd", parser))
    xsd.assertValid(etree.fromstring(export_bom(dist, "cyclonedx-xml", "1.7")))
    path = dist / "sbom.cdx.xml"
    path.chmod(0o644)
    path.write_bytes(path.read_bytes().replace(b"<name>beta</name>", b"<name>gama</name>", 1))
    monkeypatch.setattr("twinbuild.pipeline.materials.exporting.check_release", lambda _: None)
    for version in ("1.6", "1.7"):
        with pytest.raises(IntegrityError, match=r"TB8722.*does not say what sbom\.cdx\.json says"):
            export_bom(dist, "cyclonedx-xml", version)


def test_a_head_that_is_not_ours() -> None:
    """Nothing is put into XML that begins otherwise."""
    with pytest.raises(IntegrityError, match="TB8722"):
        _raised_xml(b"<bom/>", "1.7", serial="urn:uuid:0")
