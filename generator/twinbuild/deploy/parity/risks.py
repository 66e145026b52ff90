"""What a difference may do to the service that runs: a level and the reason, by where it is."""

from __future__ import annotations

from typing import Final, Literal

__all__ = ["RISKS", "risk_of"]

# The longest pattern that fits the beginning of a path decides; * stands for one step, or for the end of one.
RISKS: Final[dict[tuple[str, ...], tuple[Literal["high", "medium", "low"], str]]] = {
    (): ("medium", "it is a part of the release"),
    ("extends",): ("low", "the family that the spec begins from; what it gives is listed apart"),
    ("metadata",): ("low", "words for people"),
    ("metadata", "name"): ("high", "it is another release"),
    ("metadata", "version"): ("low", "another version of the release"),
    ("metadata", "source_date_epoch"): ("low", "time stamps of files"),
    ("source",): ("medium", "what the application is made from"),
    ("source", "files"): ("high", "code of the service"),
    ("source", "repository"): ("low", "where the code is kept"),
    ("model",): ("medium", "what is known of the model"),
    ("model", "version"): ("high", "another model"),
    ("model", "artifacts"): ("high", "bytes of the model decide its answers"),
    ("model", "artifacts", "*", "description"): ("low", "words for people"),
    ("model", "artifacts", "*", "licence"): ("medium", "what may be done with the model"),
    ("model", "features"): ("high", "inputs of the model"),
    ("model", "preprocessing"): ("high", "inputs of the model"),
    ("model", "schemas"): ("high", "requests may be refused, answers may not be understood"),
    ("model", "card"): ("low", "words for people"),
    ("model", "datasets"): ("medium", "lineage of the model"),
    ("environment",): ("medium", "what the service runs on"),
    ("environment", "images"): ("high", "other bytes run"),
    ("environment", "images", "*", "layers"): ("low", "which part of the image differs; what it holds is listed apart"),
    ("environment", "indexes"): ("high", "other bytes run"),
    ("environment", "python"): ("high", "the interpreter decides what code does"),
    ("environment", "base"): ("high", "the system below the service"),
    ("environment", "targets", "*", "python"): ("high", "the interpreter decides what code does"),
    ("environment", "targets", "*", "base"): ("high", "the system below the service"),
    ("environment", "targets", "*", "os_packages"): ("medium", "libraries and programs of the system"),
    ("environment", "targets", "*", "wheels"): ("high", "code that the service imports"),
    ("environment", "targets", "*", "steps"): ("high", "what files of the image were made with"),
    ("environment", "variants"): ("medium", "which accelerator and which requirements"),
    ("environment", "resources"): ("medium", "memory and processors decide latency and whether it starts"),
    ("environment", "steps"): ("high", "commands that make files of the image"),
    ("environment", "suites"): ("low", "when the indexes were read; packages are listed apart"),
    ("environment", "packages"): ("low", "what was asked for; what was chosen is listed apart"),
    ("dependencies",): ("low", "what was asked for; what was chosen is listed apart"),
    ("dependencies", "beside"): ("low", "it enters no image"),
    ("configuration",): ("medium", "what operators may set"),
    ("configuration", "values"): ("high", "the service behaves otherwise"),
    ("configuration", "stages"): ("high", "the service behaves otherwise in a stage"),
    ("configuration", "variables"): ("medium", "the service or its libraries may read it"),
    ("configuration", "parameters", "*", "default"): ("high", "the service behaves otherwise"),
    ("configuration", "parameters", "*", "environment"): ("high", "a value that is set no longer arrives"),
    ("configuration", "parameters", "*", "description"): ("low", "words for people"),
    ("configuration", "parameters", "*", "guidance"): ("low", "words for people"),
    ("configuration", "parameters", "*", "impact"): ("low", "words for people"),
    ("serving",): ("high", "how the service is started and reached"),
    ("serving", "health"): ("medium", "when it counts as alive"),
    ("tests",): ("medium", "what was shown of it before it was released"),
    ("rollout",): ("medium", "how it takes over, and what brings the old one back"),
    ("observability",): ("medium", "what is seen of it, and who is called"),
    ("services",): ("high", "other services that it asks"),
    ("secrets",): ("high", "where it finds its secrets"),
    ("publish",): ("medium", "where the image is taken from"),
    ("governance",): ("medium", "who may decide about it"),
    ("licences",): ("medium", "under which licences people say that it may be used"),
    ("build",): ("low", "how the image is stored"),
    ("verification",): ("medium", "how it was proven that it can be built again"),
    ("verification", "variations", "*", "description"): ("low", "words for people"),
    ("documents",): ("low", "it follows from the rest"),
    ("documents", "deploy/*"): ("high", "what a cluster is told to run, watch and roll back"),
    ("documents", "schemas/*"): ("high", "requests may be refused, answers may not be understood"),
    ("apiVersion",): ("low", "another version of the document"),
    ("release", "name"): ("high", "it is another release"),
    ("release", "version"): ("high", "it is another version of the release"),
    ("release",): ("high", "it is another image of the release"),
    ("python",): ("high", "the interpreter decides what code does"),
    ("environment", "image"): ("high", "other bytes run"),
    ("files",): ("high", "code of the service, or bytes of the model"),
    ("os_packages",): ("medium", "libraries and programs of the system"),
    ("packages",): ("high", "code that the service imports"),
    ("packages", "altered"): ("high", "an installed file was changed after it was installed"),
    ("packages", "missing"): ("high", "an installed file was taken away"),
    ("packages", "unowned"): ("high", "code that no package brought"),
    ("packages", "record"): ("high", "other files were installed"),
}


def risk_of(path: tuple[str, ...]) -> tuple[Literal["high", "medium", "low"], str]:
    """Level and reason for a difference at a path."""
    fits = [
        pattern
        for pattern in RISKS
        if len(pattern) <= len(path) and all(_fits(want, step) for want, step in zip(pattern, path, strict=False))
    ]
    return RISKS[max(fits, key=lambda pattern: (len(pattern), pattern.count("*") == 0))]


def _fits(want: str, step: str) -> bool:
    return want in ("*", step) or (want.endswith("/*") and step.startswith(want[:-1]))
