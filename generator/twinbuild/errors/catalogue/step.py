"""Codes of build steps."""

from __future__ import annotations

from typing import Final

from twinbuild.errors.catalogue import Code

__all__ = ["CODES"]

CODES: Final[tuple[Code, ...]] = (
    Code(
        code="TB5301",
        title="a build step failed",
        explanation="A command of `environment.steps` ended with a status other than 0, or was ended by a signal. The "
        "message shows the end of what it printed. Correct the command; docs/steps.md says what a step sees.",
    ),
    Code(
        code="TB5302",
        title="no machine for a build step",
        explanation="Steps run programs of the image in a sandbox, which needs unprivileged user namespaces and a "
        "machine of the image's architecture. Allow them (`twinbuild doctor` says how), or build elsewhere.",
    ),
    Code(
        code="TB5303",
        title="a build step reached for what it does not declare",
        explanation="The step failed after it found that a file, a program or a module is not there. A step sees its "
        "root file system and what lies below /inputs, and nothing else of the project or of the machine. Declare what "
        "it needs: `inputs` for files, `packages` for programs and headers, `wheels` for Python modules.",
    ),
    Code(
        code="TB5304",
        title="a build step tried to use the network",
        explanation="Steps have no network, not even one to ask for a name. Declare what the step fetches as an "
        "artifact, a wheel, a package or an sdist: `twinbuild lock` pins it and `fetch` brings it.",
    ),
    Code(
        code="TB5305",
        title="a build step took too long",
        explanation="The step did not end within its `timeout` and was ended with all that it started. Raise the "
        "limit, or let the step do less.",
    ),
    Code(
        code="TB5306",
        title="a build step wrote too much",
        explanation="The step wrote more than its `space` allows to /outputs, /work or /tmp, or printed as much, or "
        "nearly filled the disk; or its outputs have more bytes, of which holes are some. Raise the limit, make room, "
        "or let it write less.",
    ),
    Code(
        code="TB5307",
        title="a build step needs more memory",
        explanation="The step had, or asked for, more memory than its `memory` allows. Raise the limit, or let it do "
        "less at once (fewer jobs of a compiler, for example).",
    ),
    Code(
        code="TB5308",
        title="a build step has too many processes",
        explanation="The step had more processes and threads at once than its `processes` allows, and was ended as a "
        "whole. Raise the limit, or start fewer.",
    ),
    Code(
        code="TB5309",
        title="a declared output is missing",
        explanation="The step ended well and did not leave what `outputs` declares, or left something of another "
        "kind. An output at /models/x.onnx is written to /outputs/models/x.onnx; an output of kind directory must not "
        "be empty.",
    ),
    Code(
        code="TB5310",
        title="an undeclared output",
        explanation="The step wrote where no output is declared: to the root file system or its inputs, which are "
        "read-only, or below /outputs beside the declared paths. Declare the path, or write to /work or /tmp, which "
        "are thrown away.",
    ),
    Code(
        code="TB5311",
        title="an output in the place of another file",
        explanation="A declared output would replace a file of the packages or wheels of the step's root file system. "
        "Give it another path, or leave out the package that has the file.",
    ),
    Code(
        code="TB5312",
        title="an output that no image can hold",
        explanation="A step left a device, a socket, a FIFO or a name that no archive can hold below /outputs, or one "
        "that begins with `.wh.` and would delete a file of the image. Leave regular files, directories and links.",
    ),
    Code(
        code="TB5320",
        title="the build steps of the lock are stale",
        explanation="The packages, wheels or source distributions of `environment.steps` changed since the lock was "
        "made. Run `twinbuild lock`.",
    ),
    Code(
        code="TB5321",
        title="files of a build step changed",
        explanation="The directory that a step names in `inputs.directory` has other files than the lock says. Run "
        "`twinbuild lock`, and commit the lock with them.",
    ),
    Code(
        code="TB5322",
        title="a source distribution that cannot be had",
        explanation="The index has no source distribution of that project and version, or its owner withdrew it. Name "
        "another version.",
    ),
    Code(
        code="TB5323",
        title="an input of a build step that is not there",
        explanation="A step declares a file of the application or an artifact of the model that the release does not "
        "have. Correct the name in `environment.steps`.",
    ),
)
