"""The page of a release for people: what runs, where it came from, how it is set up, rolled out, and made again.

Everything on it is taken from the release manifest, which stays the one place that says so.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final

from twinbuild.codec.markdown import bullets, code, table, text
from twinbuild.describe.pagesetup import configuration
from twinbuild.describe.pagetrials import trials

__all__ = ["PAGE", "alert_of", "bounds", "gated", "measured", "pods", "release_page", "stated_date"]

PAGE: Final = "README.md"


def release_page(manifest: dict[str, Any]) -> bytes:
    """Markdown of a release manifest, as it was read from JSON."""
    metadata = manifest["metadata"]
    lines = [f"# {text(metadata['name'])} {text(metadata['version'])}", ""]
    if metadata.get("description"):
        description = text(metadata["description"])
        lines += [f"\\{description}" if description.startswith("|") else description, ""]  # no row of a table
    lines += [
        "This page is made from `manifest.json`, whose SHA-256, in `release.digest`, is the release's one name.",
        "",
    ]
    for title, part in (
        ("What runs", _what_runs),
        ("Where it came from", _origin),
        ("How it is configured", configuration),
        ("How it was tried", trials),
        ("How it rolls out, and what would roll it back", _rollout),
        ("What is watched", _watched),
        ("Who may change it", _governance),
        ("How to make it again", _reproduce),
    ):
        lines += [f"## {title}", "", *part(manifest)]
    return ("\n".join(lines).rstrip() + "\n").encode()


def _what_runs(manifest: dict[str, Any]) -> Iterator[str]:
    environment, serving = manifest["environment"], manifest["serving"]
    yield from table(
        ("variant", "platform", "image"),
        ((text(one["variant"]), text(one["platform"]), code(one["digest"])) for one in environment["images"]),
    )
    yield from table(
        ("variant", "platforms", "index"),
        (
            (text(one["variant"]), text(", ".join(one["platforms"])), code(one["digest"]))
            for one in environment.get("indexes", ())
        ),
    )
    yield from table(
        ("stage", "repository"),
        ((text(stage), code(name)) for stage, name in manifest["publish"].get("repositories", {}).items()),
    )
    user = serving["user"]
    ports = ", ".join(f"{port['name']} {port['port']}" for port in serving.get("ports", ()))
    resources = environment.get("resources", {})
    cpu, memory, gpu = (resources.get(key, {}) for key in ("cpu", "memory", "gpu"))
    entries = [
        f"command: {code(shlex.join(serving['command']))}",
        f"account: {text(user['name'])}, user {user['uid']}, group {user['gid']}",
        *([f"ports: {text(ports)}"] if ports else []),
        *(
            f"{name}: {text(bounds(section))}"
            for name, section in (("processors", cpu), ("memory", memory))
            if bounds(section)
        ),
        *([f"devices: {gpu['count']}"] if gpu.get("count") else []),
    ]
    entries += [
        f"{name}: {code(probe['path'])} at port {probe['port']}"
        for name, probe in sorted(serving.get("health", {}).items())
        if probe
    ]
    yield from bullets(entries)


def bounds(section: dict[str, Any]) -> str:
    """What a container asks for and may take, of processors or memory."""
    return ", ".join(f"{key} {section[key]}" for key in ("request", "limit") if section.get(key))


def _origin(manifest: dict[str, Any]) -> Iterator[str]:
    source, model, metadata = manifest["source"], manifest["model"], manifest["metadata"]
    dependencies = manifest["dependencies"]
    owners = ", ".join(f"{owner['name']} ({owner['email']})" for owner in metadata.get("owners", ()))
    yield from bullets(
        [
            f"made by {text(metadata['team'])}; owners: {text(owners)}",
            f"date: {text(stated_date(metadata))}, the time stamp of every file",
            f"application: {len(source['files'])} files, {code(source['digest'])}"
            + (f", of {code(source['repository'])}" if source.get("repository") else "")
            + (f", commit {code(source['commit'])}" if source.get("commit") else "")
            + (", with changes that are in no commit" if source.get("modified") else ""),
            f"model: {text(model['family'])} {text(model['version'])}",
            f"lock: {code(dependencies['lock'])}, in `release.lock`; every file in it has a digest",
            (
                f"wheels by pip-compile (pip-tools {text(dependencies['resolver']['pip-tools'])}, "
                f"pip {text(dependencies['resolver']['pip'])})"
            ),
        ]
    )
    yield from table(
        ("target", "Python", "packages of the system", "wheels"),
        (
            (
                text(f"{target['variant']} {target['platform']}"),
                text(target["python"]["version"]),
                str(len(target["os_packages"])),
                str(len(target["wheels"])),
            )
            for target in manifest["environment"]["targets"]
        ),
    )
    yield from table(
        ("artifact", "in the image", "from", "SHA-256", "bytes", "licence"),
        (
            (
                text(one["name"]),
                code(one["target"]),
                code(one["uri"]),
                code(one["sha256"]),
                str(one["size"]),
                text(one.get("licence", "")),
            )
            for one in model.get("artifacts", ())
        ),
    )
    yield from table(
        ("data set", "version", "what it is"),
        (
            (text(one["name"]), text(one.get("version", "")), text(one.get("description", "")))
            for one in model.get("datasets", ())
        ),
    )


def stated_date(metadata: dict[str, Any]) -> str:
    """The day or time that the spec states, else that of its commit."""
    if metadata.get("date") != "commit":
        return str(metadata.get("date", ""))
    moment = datetime.fromtimestamp(metadata["source_date_epoch"], UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}, of the source commit"


def _rollout(manifest: dict[str, Any]) -> Iterator[str]:
    rollout = manifest["rollout"]
    alerts = {alert["name"] for alert in manifest["observability"].get("alerts", ())}
    steps = [
        f"{step['weight']} % of the traffic" + (f", then {step['pause']}" if step.get("pause") else "")
        for step in rollout.get("steps", ())
    ]
    gates = [
        f"gate {text(gate['name'])} before {gated(rollout, gate)}"
        + (f", agreed by {text(', '.join(gate['approvers']))}" if gate.get("approvers") else "")
        + (f": {text(gate['description'])}" if gate.get("description") else "")
        for gate in rollout.get("gates", ())
    ]
    yield from bullets([f"strategy: {text(rollout['strategy'])}", *pods(rollout), *map(text, steps), *gates])
    yield from table(
        ("condition", "of", "metric", "", "over"),
        (
            (
                text(one.get("name", "")),
                kind,
                code(measured(one)),
                text(f"{one['operator']} {one['threshold']}"),
                text(one["window"]),
            )
            for kind in ("promote", "rollback")
            for one in rollout.get(kind, ())
        ),
    )
    yield from table(
        ("failure", "signal", "alert", "action", "what it is"),
        (
            (
                text(one["name"]),
                text(one["signal"]),
                text(alert_of(one, alerts)),
                text(one["action"]),
                text(one.get("description", "")),
            )
            for one in rollout.get("failure_modes", ())
        ),
    )
    yield "The files for clusters lie in `deploy/`."
    yield ""


def alert_of(mode: dict[str, Any], alerts: set[str]) -> str:
    """The alert that tells somebody of a failure: its own, or its signal where that is one."""
    return str(mode.get("alert") or (mode["signal"] if mode["signal"] in alerts else ""))


def gated(rollout: dict[str, Any], gate: dict[str, Any]) -> str:
    """Before which share of the traffic a gate stands."""
    weight = gate.get("before", 100)
    return f"{weight} % of the traffic" if rollout.get("steps") and weight < 100 else "all of the traffic"


def pods(rollout: dict[str, Any]) -> Iterator[str]:
    """How many there are, and who decides."""
    replicas = rollout.get("replicas")
    if not replicas:  # version 1 had none
        return
    fewest, most = replicas["minimum"], replicas.get("maximum") or replicas["minimum"]
    kept = [f"{replicas[key]} % of the requested {key}" for key in ("cpu", "memory") if replicas.get(key)]
    if fewest == most:
        yield f"pods: {fewest}"
    else:
        yield f"pods: {fewest} to {most}" + (f", so that they use {' and '.join(kept)}" if kept else "")


def measured(condition: dict[str, Any]) -> str:
    """What a condition looks at; the expression in full stands in ``deploy/rollout.md``."""
    if condition.get("expression"):
        return str(condition["expression"])
    labels = ", ".join(f"{name}={value}" for name, value in condition.get("labels", {}).items())
    quantile = f"quantile {condition['quantile']} of " if condition.get("quantile") is not None else ""
    share = f" per {condition['per']}" if condition.get("per") else ""
    return f"{quantile}{condition.get('metric', '')}{f'{{{labels}}}' if labels else ''}{share}"


def _watched(manifest: dict[str, Any]) -> Iterator[str]:
    watched = manifest["observability"]
    yield from table(
        ("metric", "type", "labels", "what it counts"),
        (
            (code(one["name"]), text(one["type"]), text(", ".join(one.get("labels", ()))), text(one["description"]))
            for one in watched.get("metrics", ())
        ),
    )
    yield from table(
        ("alert", "severity", "when", "for", "what it says"),
        (
            (
                text(one["name"]),
                text(one["severity"]),
                code(one["expression"]),
                text(one["duration"]),
                text(one["summary"]),
            )
            for one in watched.get("alerts", ())
        ),
    )


def _governance(manifest: dict[str, Any]) -> Iterator[str]:
    governance = manifest["governance"]
    roles = governance.get("roles", {})
    yield from bullets(
        [
            *(
                f"{text(role)}: {text(', '.join(roles[role]))}"
                for role in ("creators", "approvers", "deployers")
                if roles.get(role)
            ),
            f"approvals that it needs: {governance.get('approvals', 0)}",
            *([f"kept for {text(governance['retention'])}"] if governance.get("retention") else []),
            *([f"class: {text(governance['classification'])}"] if governance.get("classification") else []),
        ]
    )


def _reproduce(manifest: dict[str, Any]) -> Iterator[str]:
    reproduce = manifest["reproduce"]
    yield from bullets([f"it needs {text(need)}" for need in reproduce["needs"]])
    yield from bullets(
        [
            f"{code(shlex.join(step['run']))}: {text(step['why'])}"
            + "".join(f" {text(who)} is {code(digest)}." for who, digest in step.get("expect", {}).items())
            for step in reproduce["steps"]
        ]
    )
