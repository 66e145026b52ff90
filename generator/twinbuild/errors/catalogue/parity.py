"""Codes of parity, captured environments, conventions, and what a release's inputs must be."""

from __future__ import annotations

from typing import Final

from twinbuild.errors.catalogue import Code

__all__ = ["CODES"]

CODES: Final[tuple[Code, ...]] = (
    Code(
        code="TB7601",
        title="no capture of an environment",
        explanation="""\
`twinbuild capture` writes one JSON object that says so in apiVersion and kind. These bytes are something else, or not
all of it: a line of a log before it, or an output that was cut off.

Write it again, and keep standard output alone.""",
    ),
    Code(
        code="TB7602",
        title="a newer capture",
        explanation="""\
The capture was written by the program of a newer twinbuild, and may say what this one does not know.

Capture again with `twinbuild capture --program` of this installation, or install the newer one.""",
    ),
    Code(
        code="TB7603",
        title="a capture of no target of the release",
        explanation="""\
A capture is compared with one variant on one platform. The release has none as the capture says that it is, or it has
several and the capture was not made inside of an image of twinbuild, which would say which.

Name the variant with --variant, or capture an environment of this release.""",
    ),
    Code(
        code="TB7604",
        title="the program that captures did not end as it should",
        explanation="""\
`twinbuild capture` runs a program in the Python that --python names, which must be Python 3.9 or later.

Name the Python of the environment, such as .venv/bin/python.""",
    ),
    Code(
        code="TB7605",
        title="a stage that the release does not know",
        explanation="""\
`twinbuild parity --stages` names a stage that neither `configuration.stages` nor `publish.repositories` has.

Name one that is there; `twinbuild show --section configuration` prints them.""",
    ),
    Code(
        code="TB7606",
        title="no such value in the release manifest",
        explanation="""\
`twinbuild show --why` takes a JSON pointer (RFC 6901), such as /serving/user/uid or /model/artifacts/0/sha256, and the
release manifest has no value there; or it is of version 1, which does not say where its values are from.

Look for the value with `twinbuild show --json`.""",
    ),
    Code(
        code="TB7607",
        title="a release manifest that does not keep its format",
        explanation="""\
The document calls itself a release manifest, but lacks what each has, has what none has, has values of another form, or
contradicts itself: release.lock has another digest among its documents than at /dependencies/lock. `twinbuild schema
manifest` prints the JSON Schema that it is held against.

Take it from where the release was made again.""",
    ),
    Code(
        code="TB7610",
        title="other bytes under the same version",
        explanation="""\
An artifact's digest is another one than release.lock has, and both are of the same `model.version`; or that of a data
set of the same version, or of the schema of a feature view of the same snapshot. Who compares releases by versions
would take them for one.

Raise the version; or, where the file was changed by mistake, bring the older one back.""",
    ),
    Code(
        code="TB7611",
        title="a preprocessing step that names no code",
        explanation="""\
A step of `source.preprocessing` or `model.preprocessing` names `module:attribute`, and the application's files define
no such function, method or class. The code is read as text; nothing is imported.

Name what really runs: for code of a library the function of the application that calls it, for a build step its
name.""",
    ),
    Code(
        code="TB7620",
        title="a version of the release that breaks the convention",
        explanation="""\
A release's version is of one scheme (semver by default), so that tools and people can order versions and know what
changed.

Write it so, or choose `versions = "pep440"` or `"any"` in conventions.toml.""",
    ),
    Code(
        code="TB7621",
        title="a version of the model that breaks the convention",
        explanation="""\
A model's version is of the same scheme as the release's.

Write it so, or choose another scheme in conventions.toml.""",
    ),
    Code(
        code="TB7622",
        title="a repository with another name than the release",
        explanation="""\
The last part of a repository's name is the release's name, so that whoever sees one finds the other.

Rename the repository, or ignore the rule in conventions.toml.""",
    ),
    Code(
        code="TB7623",
        title="a variant with a name that does not say what it is for",
        explanation="""\
A variant is called cpu, cuda or rocm, or begins so: tags of images have its name.

Rename it, or ignore the rule in conventions.toml.""",
    ),
    Code(
        code="TB7624",
        title="a knob and a variable with different names",
        explanation="""\
A knob and the environment variable that sets it have the same name, the variable in capitals and maybe with a prefix.

Rename one of them, or ignore the rule in conventions.toml.""",
    ),
    Code(
        code="TB7625",
        title="a metric with an unusual name",
        explanation="""\
Counters end in `_total`, and times and sizes are in seconds and bytes (Prometheus, "Metric and label naming").

Rename it, or ignore the rule in conventions.toml.""",
    ),
    Code(
        code="TB7626",
        title="a release that does not say what it is for",
        explanation="""\
`metadata.description` stands in the manifest, the SBOM and the image's labels.

Write one, or ignore the rule in conventions.toml.""",
    ),
    Code(
        code="TB7627",
        title="a changelog without the version",
        explanation="""\
conventions.toml names a changelog, and it does not have the release's version.

Write what is new in it.""",
    ),
    Code(
        code="TB7628",
        title="convention: one version of the model",
        explanation="""\
`serving.environment.MODEL_VERSION` is what answers name as the version of the model, and it is another one than
`model.version`: answers would name a model that did not give them. Write one version; in a project of a family
`twinbuild family update --set model_version=VERSION` changes all places.""",
    ),
    Code(
        code="TB7629",
        title="convention: log lines say of which release they are",
        explanation="""\
While a release is rolled out, lines of two lie side by side. `observability.logs.fields` has no `image` or no
`release`: log what the service is told in TWINBUILD_IMAGE and TWINBUILD_RELEASE.""",
    ),
    Code(
        code="TB7630",
        title="conventions that are none",
        explanation="""\
conventions.toml beside the spec has the keys `versions` (semver, pep440 or any), `ignore` (codes of rules) and
`changelog` (a file of the project).

Correct it.""",
    ),
)
