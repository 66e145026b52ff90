"""The document that rules in Rego judge: the release manifest, its bill of materials, and what is known of both.

It is JSON, and the same file serves ``conftest test`` and ``opa eval``. Two times are in it: ``at``, the moment as of
which is judged, and those that people signed. Nothing else of it depends on where or when it is written.
"""

from __future__ import annotations

import json
from typing import Any, Final

from twinbuild.codec.canonical import Json
from twinbuild.codec.moments import moment_text
from twinbuild.describe.manifestschema import manifest_schema
from twinbuild.model.governed import Actor, Facts

__all__ = ["INPUT_VERSION", "policy_input", "policy_input_schema", "policy_input_schema_text"]

INPUT_VERSION: Final = "twinbuild/policy-input/v1"


def policy_input(facts: Facts, *, manifest: Json, sbom: Json, action: str, at: int) -> dict[str, Json]:
    """The document. ``action``: check, approve, promote or rollback; ``sbom``: None where there is none to be read."""
    return {
        "apiVersion": INPUT_VERSION,
        "action": action,
        "stage": facts.stage,
        "at": {"seconds": at, "time": moment_text(at)},
        "digest": facts.digest,
        "release": manifest,
        "sbom": sbom,
        "facts": {
            "signers": [_actor(each) for each in facts.signers],
            "authors": list(facts.authors),
            "approvers": [_actor(each) for each in facts.approvers],
            "deployer": None if facts.deployer is None else _actor(facts.deployer),
            "discounted": list(facts.discounted),
            "unable": facts.unable,
            "audited": facts.audited,
            "thresholds": [{"role": role, "people": people} for role, people in facts.thresholds],
            "modifies": facts.modifies,
            "back": facts.back,
            "approvals_asked": facts.asked,
            "builds": facts.builds,
            "identical": facts.identical,
            "tests": [{"image": image, "verdict": verdict} for image, verdict in facts.tests],
            "sbom_faults": None if facts.sbom is None else list(facts.sbom),
            "licences": None
            if facts.licences is None
            else [{"component": component, "expression": expression} for component, expression in facts.licences],
            "source_modified": facts.modified,
            "unencrypted": [{"kind": kind, "address": address} for kind, address in facts.plain],
            "undecided": [{"kind": kind, "place": place, "reason": why} for kind, place, why in facts.unclear],
            "encrypted": [{"kind": kind, "means": means} for kind, means in facts.encrypted],
            "secrets": [
                {"name": name, "reference": reference, "rotation_seconds": seconds}
                for name, reference, seconds in facts.secrets
            ],
            "rotations": [{"reference": reference, "seconds": seconds} for reference, seconds in facts.rotations],
        },
    }


def _actor(actor: Actor) -> dict[str, Json]:
    return {
        "who": actor.who,
        "keyid": actor.keyid,
        "roles": list(actor.roles),
        "since": actor.since,
        "role": actor.role,
    }


def policy_input_schema() -> dict[str, Any]:
    """The schema (JSON Schema 2020-12) of the document."""
    manifest = manifest_schema()
    definitions = manifest.pop("$defs")
    for key in ("$schema", "$comment"):
        manifest.pop(key)
    people = _list(_closed(_PERSON, "A person, by a key of the trust root."))
    facts = {
        "signers": people("Who signed the release with a key that counts."),
        "authors": _list(_TEXT)("Who signed it, also with a key that counts no more."),
        "approvers": people("Who approved it for this stage; whether they may is not judged yet."),
        "deployer": {
            "anyOf": [_closed(_PERSON, "A person, by a key of the trust root."), {"type": "null"}],
            "description": "Who brings it there; null where nobody does yet.",
        },
        "discounted": _list(_TEXT)("Signatures and approvals that do not count, and why."),
        "unable": _said(_TEXT, 'Why the key of whoever brings it there does not count; "" where it does.'),
        "audited": _said(_FLAG, "An audit log was given, whose key the trust root has."),
        "thresholds": _list(_closed({"role": _TEXT, "people": _COUNT}, "A role that takes several people."))(
            "Roles whose people act together, and how many of them."
        ),
        "modifies": _said(_FLAG, "Another version of the name was promoted before."),
        "back": _said(_FLAG, "It was there before, and is to come back."),
        "approvals_asked": _said(_COUNT, "How many approvals the release itself asks for."),
        "builds": _said(_COUNT, "How often it was built."),
        "identical": _said(_FLAG, "Whether all builds gave the same bytes."),
        "tests": _list(_closed({"image": _TEXT, "verdict": _TEXT}, "A tested image."))("Verdicts of its tests."),
        "sbom_faults": {**_list(_TEXT)("Where the SBOM is not that of the images."), "type": ["array", "null"]},
        "licences": {
            **_list(_closed({"component": _TEXT, "expression": _TEXT}, "A licence that binds."))(
                'One for each licence of a component, "" where none is stated; null where the SBOM can\'t be read.'
            ),
            "type": ["array", "null"],
        },
        "source_modified": _said(
            {"type": ["boolean", "null"]}, "Files differ from the commit; null: none is recorded."
        ),
        "unencrypted": _list(_closed({"kind": _TEXT, "address": _TEXT}, "An address without TLS."))(
            "What is reached without encryption, or kept so: services, configuration, registries, archive and others."
        ),
        "undecided": _list(_closed({"kind": _TEXT, "place": _TEXT, "reason": _TEXT}, "What may be encrypted or not."))(
            "Of what nobody can tell whether it is encrypted, and why."
        ),
        "encrypted": _list(_closed({"kind": _TEXT, "means": _TEXT}, "What is encrypted."))(
            "What is seen to be encrypted, such as the archive, and how."
        ),
        "secrets": _list(
            _closed(
                {"name": _TEXT, "reference": _TEXT, "rotation_seconds": {"type": ["integer", "null"]}},
                "A secret, by reference.",
            )
        )("Secrets that it names, and their greatest age."),
        "rotations": _list(_closed({"reference": _TEXT, "seconds": _COUNT}, "A change."))(
            "When secrets were changed, in seconds since 1970."
        ),
    }
    properties = {
        "apiVersion": {"type": "string", "const": INPUT_VERSION, "description": "Version of this format."},
        "action": {
            "enum": ["check", "approve", "promote", "rollback"],
            "description": "What is to be done. An approval that is being made is not among the approvers yet.",
        },
        "stage": _said(_TEXT, "Where the release is to go."),
        "at": _closed({"seconds": _COUNT, "time": _TEXT}, "The moment as of which is judged (UTC)."),
        "digest": _said(_TEXT, "The release digest."),
        "release": {**manifest, "description": "The release manifest, manifest.json."},
        "sbom": {"description": "The SBOM, CycloneDX 1.6, as sbom.cdx.json has it; null where it can't be read."},
        "facts": _closed(facts, "What is known of the release, as the built-in rules see it."),
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$comment": "Written by `twinbuild schema policy-input`.",
        "title": "PolicyInput",
        **_closed(properties, "What rules in Rego judge: `input`."),
        "$defs": definitions,
    }


def policy_input_schema_text() -> str:
    """The schema as the text of a file."""
    return json.dumps(policy_input_schema(), indent=2, ensure_ascii=False) + "\n"


_TEXT: Final[dict[str, Any]] = {"type": "string"}
_FLAG: Final[dict[str, Any]] = {"type": "boolean"}
_COUNT: Final[dict[str, Any]] = {"type": "integer", "minimum": 0}
_PERSON: Final[dict[str, Any]] = {
    "who": _TEXT,
    "keyid": _TEXT,
    "roles": {"type": "array", "items": _TEXT},
    "since": _COUNT,
    "role": {**_TEXT, "description": "The role that an approval says it was made in."},
}


def _closed(properties: dict[str, Any], description: str) -> dict[str, Any]:
    return {
        "type": "object",
        "description": description,
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _said(schema: dict[str, Any], description: str) -> dict[str, Any]:
    return {**schema, "description": description}


def _list(items: dict[str, Any]) -> Any:
    return lambda description: {"type": "array", "description": description, "items": items}
