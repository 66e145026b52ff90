"""Codes of the Docker builder."""

from __future__ import annotations

from typing import Final

from twinbuild.errors.catalogue import Code

__all__ = ["CODES"]

CODES: Final[tuple[Code, ...]] = (
    Code(
        code="TB5200",
        title="no docker or no buildx",
        explanation="The Docker builder drives `docker buildx`, and the program or the plugin is missing. Install "
        "Docker's command line with buildx (Debian: docker-cli and docker-buildx), or use the embedded builder.",
    ),
    Code(
        code="TB5201",
        title="no engine answers",
        explanation="Neither DOCKER_HOST nor the current context leads to an engine that answers, or the builder that "
        "--buildx-builder names is not there. Start the engine, choose a context, or see `docker buildx ls`.",
    ),
    Code(
        code="TB5202",
        title="buildx is too old",
        explanation="The Docker builder needs a buildx that takes an OCI layout as build context and writes one as a "
        "directory. Update the plugin.",
    ),
    Code(
        code="TB5203",
        title="the engine cannot export layouts",
        explanation="An engine with the classic image store keeps no digests and exports no OCI layout. Turn on its "
        "containerd image store in daemon.json, or make a builder of another driver with `docker buildx create` and "
        "name it with --buildx-builder.",
    ),
    Code(
        code="TB5204",
        title="wrong platform for the engine",
        explanation="BuildKit runs each step on the engine's machine, and that one cannot run programs of the image's "
        "platform. Use a builder of that platform, install emulation there, or use the embedded builder, which needs "
        "none.",
    ),
    Code(
        code="TB5205",
        title="the builder's disk is full",
        explanation="BuildKit ran out of space where the engine keeps its data. Builds that verify use no cache, but "
        "each leaves its steps there, several times the size of the image.\n\nMake room: `docker buildx prune` takes "
        "the build cache away, `docker image prune` images that nothing names.",
    ),
    Code(
        code="TB5210",
        title="a step of the Dockerfile failed",
        explanation="BuildKit stopped at the step that is named. Steps have no network and see the context alone: one "
        "that tries to reach out fails here. The context of `twinbuild fetch --into` repeats the build by hand.",
    ),
    Code(
        code="TB5220",
        title="BuildKit's export cannot be read",
        explanation="What BuildKit wrote is no OCI layout with one image, or a blob has other bytes than its digest "
        "says. Nothing of it was used. Update BuildKit, or report it.",
    ),
    Code(
        code="TB5221",
        title="a file that no layer plans",
        explanation="A step of the Dockerfile left a file that the plan has not: a cache, a log, a temporary file, or "
        "something that a site template adds. Make the step leave it out, or plan it.",
    ),
    Code(
        code="TB5222",
        title="a planned file is missing",
        explanation="The plan has a file that the Dockerfile's steps have not left, or have deleted again.",
    ),
    Code(
        code="TB5223",
        title="a step deletes a file",
        explanation="No planned layer deletes anything: a step that deletes a file of the base or of a lower layer "
        "would make an image that the embedded assembler does not make. Change the step.",
    ),
    Code(
        code="TB5224",
        title="a step changes the base",
        explanation="A file or directory of the base has other bytes, another mode or another owner after the build. "
        "Base layers stay what was pinned: change the step.",
    ),
    Code(
        code="TB5225",
        title="a file has extended attributes",
        explanation="A step gave a file extended attributes, such as capabilities, which no planned layer has.",
    ),
    Code(
        code="TB5226",
        title="another image configuration",
        explanation="A field of the configuration that BuildKit wrote is not the planned one: environment, command, "
        "user, labels, ports. Look at the instruction of the Dockerfile, or of the site template, that sets it.",
    ),
    Code(
        code="TB5230",
        title="the site's template fails",
        explanation="The template that `build.dockerfile` names cannot be read, or Jinja2 cannot render it: a value "
        "that does not exist, a syntax error, something that its sandbox forbids, or more than ten seconds of work, a "
        "gigabyte of memory or a million characters. docs/dockerfile.md lists the blocks that may be overridden, and "
        "the values.",
    ),
    Code(
        code="TB5231",
        title="a Dockerfile that needs more than its context",
        explanation="A build without a network still fetches what FROM, COPY --from, ADD of an address or a `# syntax` "
        "line name, and caches, secrets and ssh agents are inputs that no lock has. The line that is named must go.",
    ),
    Code(
        code="TB5227",
        title="the builder changed the base",
        explanation="The exported image does not begin with the layers of the base, byte for byte. Some versions of "
        "BuildKit rewrite them when they rewrite times. Use a builder that leaves them as they are.",
    ),
    Code(
        code="TB5228",
        title="a file that no layer can hold",
        explanation="A step left a FIFO, a device, a hard link to one or to a link, or a name or link target with "
        "control characters or of bytes that are no UTF-8. Engines unpack such files each in their own way, so no "
        "planned layer has one. Remove it in the step that makes it.",
    ),
)
