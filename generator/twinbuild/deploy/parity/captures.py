"""A captured environment as facts, and those of a release manifest that can be seen from inside of one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from twinbuild.codec.canonical import Json
from twinbuild.deploy.parity.difference import Facts, object_at, text_of
from twinbuild.deploy.parity.manifests import entries_of
from twinbuild.model.knobs import written
from twinbuild.model.spec.knob import variable_name

__all__ = ["asked_of", "capture_facts", "declared_variables", "expected_facts", "target_of"]

# Names of variables that shells, engines and orchestrators set, and that an image of ours has by itself.
_USUAL: Final = re.compile(
    r"PATH|HOME|HOSTNAME|PWD|OLDPWD|SHLVL|TERM|_|USER|LOGNAME|LANG|LC_[A-Z]+|TZ|container|VIRTUAL_ENV"
    r"|PYTHONDONTWRITEBYTECODE|PYTHONUNBUFFERED|TWINBUILD_[A-Z0-9_]+|KUBERNETES_[A-Z0-9_]+"
    r"|[A-Z0-9_]+_(SERVICE_(HOST|PORT)(_[A-Z0-9_]+)?|PORT(_[0-9]+_(TCP|UDP)(_(PROTO|PORT|ADDR))?)?)"
)


def declared_variables(document: Mapping[str, Json]) -> dict[str, str]:
    """The variables of a release manifest with their values: of knobs, and of ``serving.environment``."""
    whole = dict(document)
    found = {name: text_of(value) for name, value in object_at(whole, "serving", "environment").items()}
    for knob in entries_of(object_at(whole, "configuration").get("parameters")):
        name = knob.get("environment")
        if name is None and "kind" in knob and knob["kind"] != "hyperparameter":  # version 1 set no such variable
            name = variable_name(text_of(knob.get("name")))
        if isinstance(name, str):
            found[name] = written(knob.get("default"))
    return dict(sorted(found.items()))


def asked_of(document: Mapping[str, Json]) -> dict[str, Json]:
    """What `twinbuild capture` is to look at: files of the application and of the model, names of variables."""
    whole = dict(document)
    places = [object_at(whole, "source").get("target")]
    places += [artifact.get("target") for artifact in entries_of(object_at(whole, "model").get("artifacts"))]
    return {"files": [text_of(place) for place in places if place], "variables": list(declared_variables(document))}


def target_of(document: Mapping[str, Json], variant: str, platform: str) -> dict[str, Json] | None:
    """What the manifest says of a variant on a platform; of its only one where neither is known."""
    targets = entries_of(object_at(dict(document), "environment").get("targets"))
    fits = [
        target
        for target in targets
        if variant in ("", target.get("variant")) and platform in ("", target.get("platform"))
    ]
    return fits[0] if len(fits) == 1 else None


def expected_facts(
    document: Mapping[str, Json],
    target: Mapping[str, Json],
    capture: Mapping[str, Json],
    *,
    values: Mapping[str, str],
    below: Mapping[str, str],
    records: Mapping[str, str] | None,
) -> Facts:
    """What the capture must show where it is of that target.

    ``values`` are those of the declared variables, ``below`` the packages of the base image with their versions,
    ``records`` the digests of the RECORD files of its image by project, where they are known.
    """
    whole, inside = dict(document), bool(capture.get("release"))
    facts: Facts = {("python", "version"): text_of(object_at(dict(target), "python").get("version"))}
    for wheel in entries_of(target.get("wheels")):
        facts["packages", "installed", text_of(wheel.get("name"))] = text_of(wheel.get("version"))
    facts |= {("packages", "record", name): digest for name, digest in (records or {}).items()}
    facts |= {("configuration", "values", name): value for name, value in values.items()} if inside else {}
    if not inside:
        return facts
    metadata = object_at(whole, "metadata")
    facts |= {("release", key): text_of(metadata.get(key)) for key in ("name", "version")}
    facts |= {("release", key): text_of(target.get(key)) for key in ("variant", "platform")}
    if capture.get("image"):
        for image in entries_of(object_at(whole, "environment").get("images")):
            if all(image.get(key) == target.get(key) for key in ("variant", "platform")):
                facts["environment", "image"] = text_of(image.get("digest"))
    for deb in entries_of(target.get("os_packages")):
        facts["os_packages", text_of(deb.get("name"))] = text_of(deb.get("version"))
    facts |= {("os_packages", name): version for name, version in below.items() if ("os_packages", name) not in facts}
    home = text_of(object_at(whole, "source").get("target")).rstrip("/")
    for file in entries_of(object_at(whole, "source").get("files")):
        facts["files", f"{home}/{file.get('path')}"] = f"sha256:{file.get('sha256')}{_mode(file)}"
    for artifact in entries_of(object_at(whole, "model").get("artifacts")):
        facts["files", text_of(artifact.get("target"))] = f"sha256:{artifact.get('sha256')}"
    return facts


def capture_facts(
    capture: Mapping[str, Json],
    *,
    declared: frozenset[str] | None = None,
    inside: bool = True,
    records: bool = True,
) -> Facts:
    """What was seen. ``declared``: the variables that the release knows, where it is compared with one.

    ``inside``: whether it was seen inside of an image; else only Python and its packages are meant. ``records``:
    whether the digests of RECORD files are known of the other side, too.
    """
    whole = dict(capture)
    facts: Facts = {("python", "version"): text_of(object_at(whole, "python").get("version"))}
    facts |= {path: text for path, text in _packages(whole) if records or path[1] != "record"}
    if not inside:
        return facts
    facts |= {("release", key): text_of(value) for key, value in object_at(whole, "release").items()}
    if capture.get("image"):
        facts["environment", "image"] = text_of(capture["image"])
    for deb in entries_of(capture.get("os_packages")):
        facts["os_packages", text_of(deb.get("name"))] = text_of(deb.get("version"))
    for path, file in object_at(whole, "files").items():
        if isinstance(file, dict):
            facts["files", path] = f"sha256:{file.get('sha256')}{_mode(file)}"
    variables = object_at(whole, "variables")
    facts |= {("configuration", "values", name): text_of(value) for name, value in variables.items()}
    names = capture.get("environment")
    for name in names if isinstance(names, list) else ():
        known = name in variables if declared is None else name in declared
        if not known and not _USUAL.fullmatch(text_of(name)):
            facts["configuration", "variables", text_of(name)] = "set"
    return facts


def _packages(whole: dict[str, Json]) -> Iterator[tuple[tuple[str, ...], str]]:
    for package in entries_of(whole.get("packages")):
        name = text_of(package.get("name"))
        yield ("packages", "installed", name), text_of(package.get("version"))
        if package.get("record"):
            yield ("packages", "record", name), text_of(package["record"])
        for kind in ("altered", "missing"):
            listed = package.get(kind)
            for path in listed if isinstance(listed, list) else ():
                yield ("packages", kind, f"{name} {text_of(path)}"), kind
    unowned = whole.get("unowned")
    for path in unowned if isinstance(unowned, list) else ():
        yield ("packages", "unowned", text_of(path)), "there"


def _mode(file: Mapping[str, Json]) -> str:
    return " executable" if file.get("executable") is True else ""
