"""Tables whose keys the author of a spec chooses: labels and environment variables."""

from __future__ import annotations

import re
from typing import Annotated, Final

from pydantic import AfterValidator, PlainValidator, WithJsonSchema
from pydantic_core import InitErrorDetails, PydanticCustomError, ValidationError

from twinbuild.model.spec.frozen import FrozenMapping
from twinbuild.model.spec.values import objection

__all__ = ["FORBIDDEN_VARIABLES", "EnvironmentName", "EnvironmentTable", "TextTable", "check_variable"]

_LABEL_KEY: Final = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._/-]{0,126}[A-Za-z0-9])?", re.ASCII)
_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}", re.ASCII)

FORBIDDEN_VARIABLES: Final = frozenset(
    {
        "BASH_ENV",
        "CDPATH",
        "ENV",
        "GCONV_PATH",
        "GLIBC_TUNABLES",
        "HOME",
        "IFS",
        "LOCPATH",
        "LOGNAME",
        "NODE_OPTIONS",
        "PATH",
        "PERL5LIB",
        "PERL5OPT",
        "PROMPT_COMMAND",
        "PS4",
        "PWD",
        "PYTHONBREAKPOINT",
        "PYTHONEXECUTABLE",
        "PYTHONHOME",
        "PYTHONINSPECT",
        "PYTHONPATH",
        "PYTHONPLATLIBDIR",
        "PYTHONPYCACHEPREFIX",
        "PYTHONSTARTUP",
        "PYTHONUSERBASE",
        "RUBYOPT",
        "SHELLOPTS",
        "SOURCE_DATE_EPOCH",
        "USER",
        "VIRTUAL_ENV",
    }
)
"""Variables that decide which code runs, or that the image itself sets. `LD_` and `DYLD_` names are refused too."""


def check_variable(name: str) -> PydanticCustomError | None:
    """What is wrong with the name of an environment variable; None if nothing is."""
    if not _VARIABLE.fullmatch(name):
        return objection("TB1112", f"got the variable {name[:80]!r}", "use letters, digits and '_', not a digit first")
    if name in FORBIDDEN_VARIABLES or name.startswith(("LD_", "DYLD_", "BASH_FUNC_", "TWINBUILD_")):
        return objection(
            "TB1112",
            f"the variable {name} decides which code runs, or belongs to the image",
            "take it out; the image sets its own PATH, HOME and loader paths",
        )
    return None


def _check_name(name: str) -> str:
    problem = check_variable(name)
    if problem is not None:
        raise problem
    return name


def _text_items(value: object) -> tuple[dict[str, object], list[InitErrorDetails]]:
    if not isinstance(value, dict):
        raise PydanticCustomError("dict_type", "expected a mapping")
    errors: list[InitErrorDetails] = [
        {"type": PydanticCustomError("string_type", "expected text"), "loc": (key,), "input": None}
        for key, item in value.items()
        if not isinstance(item, str)
    ]
    return value, errors


def _check_labels(value: object) -> FrozenMapping[str]:
    items, errors = _text_items(value)
    for key in items:
        if not _LABEL_KEY.fullmatch(key):
            problem = objection(
                "TB1104",
                f"got the key {key[:80]!r}",
                "use up to 128 letters, digits, '.', '_', '-' and '/'; begin and end with a letter or digit",
            )
            errors.append({"type": problem, "loc": (key,), "input": None})
    if errors:
        raise ValidationError.from_exception_data("labels", errors, hide_input=True)
    return FrozenMapping({key: str(item) for key, item in items.items()})


def _check_environment(value: object) -> FrozenMapping[str]:
    items, errors = _text_items(value)
    for key, item in items.items():
        problem = check_variable(key)
        if problem is not None:
            errors.append({"type": problem, "loc": (key,), "input": None})
        if isinstance(item, str) and ("\n" in item or "\r" in item or "\0" in item):
            problem = objection("TB1112", f"the value of {key} has a line break or NUL", "write it on one line")
            errors.append({"type": problem, "loc": (key,), "input": None})
    if errors:
        raise ValidationError.from_exception_data("environment", errors, hide_input=True)
    return FrozenMapping({key: str(item) for key, item in items.items()})


_SCHEMA: Final = {"type": "object", "additionalProperties": {"type": "string"}}

EnvironmentName = Annotated[str, AfterValidator(_check_name)]
"""The name of an environment variable that a spec may set."""

TextTable = Annotated[FrozenMapping[str], PlainValidator(_check_labels), WithJsonSchema(_SCHEMA)]
"""Labels: text by key."""

EnvironmentTable = Annotated[FrozenMapping[str], PlainValidator(_check_environment), WithJsonSchema(_SCHEMA)]
"""Environment variables: text by name."""
