"""What a cluster would say of documents: the validators and schemas of others that ``tools/schemas/fetch`` brings.

Core kinds: kubernetes-validate, strict (its command line only warns about kinds that it does not know; here they fail).
Argo Rollouts, External Secrets and the Prometheus operator: the validators of @kubernetes-models, run by node. KServe:
the models of its Python package. Flagger publishes no schema in a package: ours, beside this file, was written from its
reference. ``rules`` is what no schema says.
"""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final

import jsonschema_rs

from fakes.cluster_rules import rules

__all__ = ["MISSING", "findings"]

ROOT: Final = Path(__file__).resolve().parents[2]
FETCHED: Final = ROOT / "build" / "schemas"
MISSING: Final = "" if (FETCHED / ".fetched").is_file() else "run `make validators`"
VERSIONS: Final = ("1.30", "1.37")  # of Kubernetes: the oldest that is looked at, and the newest that is known
_NODE: Final = ("argoproj.io", "external-secrets.io", "monitoring.coreos.com")
_NODE_SAID: Final[dict[str, list[str]]] = {}
_POD_TEMPLATES: Final = {("argoproj.io", "Rollout"): ("spec", "template")}


def findings(documents: list[dict[str, Any]]) -> list[list[str]]:
    """What is wrong with each document; empty lists where all is well."""
    found = [[*rules(document), *_core(document), *_flagger(document), *_kserve(document)] for document in documents]
    theirs = [json.dumps(document) for document in documents if _group(document) in _NODE]
    _ask_node(tuple(dict.fromkeys(text for text in theirs if text not in _NODE_SAID)))
    for document, said in zip(documents, found, strict=True):
        if _group(document) in _NODE:
            said.extend(_NODE_SAID[json.dumps(document)])
    return found


def _group(document: dict[str, Any]) -> str:
    return str(document.get("apiVersion")).rpartition("/")[0]


def _ask_node(documents: tuple[str, ...]) -> None:
    """Ask about all at once: to start takes longer than to answer."""
    if not documents:
        return
    command = ("node", str(ROOT / "tools" / "schemas" / "validate.mjs"), str(FETCHED))
    question = f"[{','.join(documents)}]"
    done = subprocess.run(command, input=question, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    _NODE_SAID.update(zip(documents, json.loads(done.stdout), strict=True))


def _core(document: dict[str, Any]) -> Iterator[str]:
    """Kinds of Kubernetes itself, and the pod templates of others."""
    pod = _POD_TEMPLATES.get((_group(document), str(document.get("kind"))))
    if pod is not None:
        template: Any = document
        for key in pod:
            template = template.get(key, {})
        labels = template.get("metadata", {}).get("labels", {})
        spec = {"selector": {"matchLabels": labels}, "template": template}
        yield from _strict({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "x"}, "spec": spec})
    if _group(document) not in (*_NODE, "flagger.app", "serving.kserve.io"):
        yield from _strict(document)


def _strict(document: dict[str, Any]) -> Iterator[str]:
    kubernetes = _kubernetes()
    for version in VERSIONS:
        try:
            kubernetes.validate(document, version, strict=True)
        except kubernetes.SchemaNotFoundError as error:
            yield error.message
        except kubernetes.ValidationError as error:
            yield f"/{'/'.join(map(str, error.path))}: {error.message}"


@cache
def _kubernetes() -> Any:
    sys.path.append(str(FETCHED / "python"))  # last: what the environment has comes first
    import kubernetes_validate

    return kubernetes_validate


def _flagger(document: dict[str, Any]) -> Iterator[str]:
    if _group(document) != "flagger.app":
        return
    schemas = json.loads(Path(__file__).with_name("flagger.schema.json").read_text("utf-8"))
    kind = str(document.get("kind"))
    if kind not in schemas["$defs"]:
        yield f"no schema for flagger.app {kind}"
        return
    validator = jsonschema_rs.validator_for({**schemas, "$ref": f"#/$defs/{kind}"})
    for error in validator.iter_errors(document):
        yield f"/{'/'.join(map(str, error.instance_path))}: {error.message}"


def _kserve(document: dict[str, Any]) -> Iterator[str]:
    if _group(document) == "serving.kserve.io":
        version = str(document["apiVersion"]).rpartition("/")[2].capitalize()
        yield from _typed(document, f"{version}{document.get('kind')}", "")


@cache
def _models() -> dict[str, tuple[dict[str, str], dict[str, str], frozenset[str]]]:
    """By class of the package: types and JSON names of its attributes, and the attributes that must be there."""
    found = {}
    for path in (FETCHED / "python" / "kserve" / "models").glob("v1*.py"):
        for node in ast.parse(path.read_text("utf-8")).body:
            if isinstance(node, ast.ClassDef):
                tables = {
                    each.targets[0].id: ast.literal_eval(each.value)
                    for each in node.body
                    if isinstance(each, ast.Assign) and isinstance(each.targets[0], ast.Name)
                }
                start = next(
                    each for each in node.body if isinstance(each, ast.FunctionDef) and each.name == "__init__"
                )
                required = frozenset(
                    each.targets[0].attr
                    for each in start.body
                    if isinstance(each, ast.Assign)
                    and isinstance(each.targets[0], ast.Attribute)
                    and isinstance(each.value, ast.Name)
                    and each.targets[0].attr == each.value.id != "local_vars_configuration"
                )
                found[node.name] = (tables["openapi_types"], tables["attribute_map"], required)
    return found


_PLAIN: Final = {"str": str, "int": int, "bool": bool}


def _typed(value: Any, kind: str, where: str) -> Iterator[str]:  # noqa: C901  one branch a form of type
    """What keeps a value from being of a type of KServe's models; types of Kubernetes are Kubernetes' own."""
    if match := re.fullmatch(r"list\[(\w+)\]", kind):
        if not isinstance(value, list):
            yield f"{where}: expected a list"
            return
        for index, item in enumerate(value):
            yield from _typed(item, match[1], f"{where}/{index}")
    elif match := re.fullmatch(r"dict\(str, (\w+)\)", kind):
        if not isinstance(value, dict):
            yield f"{where}: expected a mapping"
            return
        for key, item in value.items():
            yield from _typed(item, match[1], f"{where}/{key}")
    elif kind in _PLAIN:
        if type(value) is not _PLAIN[kind]:
            yield f"{where}: expected {kind}, got {value!r}"
    elif kind == "ResourceQuantity":
        if not isinstance(value, str):
            yield f"{where}: expected an amount, got {value!r}"
    elif kind in _models():
        yield from _object(value, kind, where)
    else:
        yield from _of_kubernetes(value, kind, where)


def _object(value: Any, kind: str, where: str) -> Iterator[str]:
    types, names, required = _models()[kind]
    if not isinstance(value, dict):
        yield f"{where}: expected a mapping"
        return
    known = {names[attribute]: attribute for attribute in types}
    for attribute in required:
        if names[attribute] not in value:
            yield f"{where}: {names[attribute]} is missing"
    for key, item in value.items():
        if key in known:
            yield from _typed(item, types[known[key]], f"{where}/{key}")
        else:
            yield f"{where}/{key}: unknown key"


def _of_kubernetes(value: Any, kind: str, where: str) -> Iterator[str]:
    """A type of Kubernetes within a model, such as V1Container, against the schema of kubernetes-validate."""
    _kubernetes()
    import jsonschema
    import referencing

    if kind == "K8sIoApiAppsV1DeploymentStrategy":
        name = "deploymentstrategy-apps-v1"
    elif kind == "V1ObjectMeta":
        name = "objectmeta-meta-v1"
    else:
        assert kind.startswith("V1"), kind
        name = f"{kind[2:].lower()}-v1"
    directory = FETCHED / "python/kubernetes_validate/kubernetes-json-schema/v1.37.0-local-strict"
    path = directory / f"{name}.json"
    if not path.is_file():
        yield f"{where}: no schema for {kind}"
        return
    definitions = referencing.Resource.from_contents(json.loads((directory / "_definitions.json").read_text("utf-8")))
    schema = json.loads(path.read_text("utf-8"))
    registry = definitions @ referencing.Registry()
    for error in jsonschema.Draft202012Validator(schema, registry=registry).iter_errors(value):
        yield f"{where}/{'/'.join(map(str, error.path))}: {error.message}"
