"""A captured environment as facts, and those of a release manifest that can be seen from inside of one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from twinbuild.codec.canonical import Json
from twinbuild.deploy.parity.difference import Facts, object_at, text_of
from twinbuild.deploy.parity.manifests import entries_of
from twinbuild.deploy.parity.variables import Variables, declared_variables, usual

__all__ = ["asked_of", "capture_facts", "expected_facts", "target_of"]


def asked_of(document: Mapping[str, Json]) -> dict[str, Json]:
    """What `twinbuild capture` is to look at: files of the application and of the model, names of variables."""
    whole = dict(document)
    places = [object_at(whole, "source").get("target")]
    places += [artifact.get("target") for artifact in entries_of(object_at(whole, "model").get("artifacts"))]
    return {"files": [text_of(place) for place in places if place], "variables": [*declared_variables(document).shown]}


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
    variables: Variables,
    below: Mapping[str, str],
    records: Mapping[str, str] | None,
) -> Facts:
    """What the capture must show where it is of that target.

    ``variables`` are those that the release knows, ``below`` the packages of the base image with their versions,
    ``records`` the digests of the RECORD files of its image by project, where they are known.
    """
    whole, inside = dict(document), bool(capture.get("release"))
    facts: Facts = {("python", "version"): text_of(object_at(dict(target), "python").get("version"))}
    for wheel in entries_of(target.get("wheels")):
        facts["packages", "installed", text_of(wheel.get("name"))] = text_of(wheel.get("version"))
    facts |= {("packages", "record", name): digest for name, digest in (records or {}).items()}
    if not inside:
        return facts
    there = object_at(dict(capture), "variables")
    compared = {name: value for name, value in variables.where_set.items() if name in there} | dict(variables.values)
    facts |= {("configuration", "values", name): compared[name] for name in compared if name not in variables.secrets}
    facts |= {("secrets", name): "set" for name in variables.secrets}
    metadata = object_at(whole, "metadata")
    facts |= {("release", key): text_of(metadata.get(key)) for key in ("name", "version")}
    facts |= {("release", key): text_of(target.get(key)) for key in ("variant", "platform")}
    if capture.get("image"):
        facts["environment", "image"] = _image(whole, target, text_of(capture["image"]))
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
    variables: Variables | None = None,
    inside: bool = True,
    records: bool = True,
) -> Facts:
    """What was seen. ``variables``: those that the release knows, where it is compared with one.

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
    debs = ((text_of(deb.get("name")), text_of(deb.get("version"))) for deb in entries_of(capture.get("os_packages")))
    facts |= {("os_packages", name): versions for name, versions in _together(debs).items()}
    for path, file in object_at(whole, "files").items():
        if isinstance(file, dict):
            facts["files", path] = _file(file)
    values = object_at(whole, "variables")
    secrets = variables.secrets if variables is not None else frozenset()
    told = set(values) if variables is None else variables.known - secrets  # of others the release says no value
    facts |= {("configuration", "values", name): text_of(values[name]) for name in values if name in told}
    names = capture.get("environment")
    for name in map(text_of, names if isinstance(names, list) else ()):
        if name in secrets:
            facts["secrets", name] = "set"
        elif name not in told and not usual(name):
            facts["configuration", "variables", name] = "set"
    return facts


def _packages(whole: dict[str, Json]) -> Iterator[tuple[tuple[str, ...], str]]:
    packages = [(text_of(package.get("name")), package) for package in entries_of(whole.get("packages"))]
    installed = _together((name, text_of(package.get("version"))) for name, package in packages)
    records = _together((name, text_of(package["record"])) for name, package in packages if package.get("record"))
    yield from ((("packages", "installed", name), versions) for name, versions in installed.items())
    yield from ((("packages", "record", name), digests) for name, digests in records.items())
    for name, package in packages:
        for kind in ("altered", "missing"):
            listed = package.get(kind)
            for path in listed if isinstance(listed, list) else ():
                yield ("packages", kind, f"{name} {text_of(path)}"), kind
    unowned = whole.get("unowned")
    for path in unowned if isinstance(unowned, list) else ():
        yield ("packages", "unowned", text_of(path)), "there"


def _together(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The text of each name; all of them where a name is there more than once, so that no copy hides another."""
    found: dict[str, list[str]] = {}
    for name, text in pairs:
        found.setdefault(name, []).append(text)
    return {name: ", ".join(texts) for name, texts in found.items()}


def _image(whole: dict[str, Json], target: Mapping[str, Json], seen: str) -> str:
    """The digest that the image of a target may be called by: its own, or that of the index which lists it."""
    environment, variant = object_at(whole, "environment"), target.get("variant")
    own = [
        text_of(image.get("digest"))
        for image in entries_of(environment.get("images"))
        if all(image.get(key) == target.get(key) for key in ("variant", "platform"))
    ]
    indexes = [
        text_of(each.get("digest")) for each in entries_of(environment.get("indexes")) if each.get("variant") == variant
    ]
    return seen if seen in (*own, *indexes) else ", ".join(own)


def _file(file: Mapping[str, Json]) -> str:
    if file.get("link") is not None:
        return f"link to {text_of(file['link'])}"
    return f"sha256:{file.get('sha256')}{_mode(file)}"


def _mode(file: Mapping[str, Json]) -> str:
    return " executable" if file.get("executable") is True else ""
