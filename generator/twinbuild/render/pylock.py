"""``pylock.toml`` (PEP 751): a target's wheels for any installer that reads the standard lock format.

It carries no address. The format wants a URL or a path for each wheel, and an installer uses a path where there is
one: so a wheel is named by a path relative to the file, by size and by SHA-256. The file works where the wheels lie
beside it (``twinbuild lock --export pylock --wheels`` puts them there), and nowhere else by accident.
"""

from __future__ import annotations

import tomllib
from typing import Final

from twinbuild.errors import InternalError
from twinbuild.model.lock import LockedWheel, Target

__all__ = ["WHEEL_DIRECTORY", "pylock_name", "render_pylock"]

WHEEL_DIRECTORY: Final = "wheels"


def pylock_name(name: str, key: str, group: str = "") -> str:
    """The file's name: ``pylock.NAME.toml``, where NAME has no dot (PEP 751) and says release, target and group."""
    parts = [name, key, *([group] if group else [])]
    return f"pylock.{'-'.join(parts)}.toml"


def render_pylock(target: Target, wheels: tuple[LockedWheel, ...], *, directory: str = WHEEL_DIRECTORY) -> str:
    """The text for one set of wheels of a target; ``directory`` is where the wheels lie, seen from the file.

    Raises InternalError TB2047 if the text would not be a valid ``pylock.toml``.
    """
    import tomli_w
    from packaging.pylock import Pylock, PylockValidationError

    python, platform = target.python, target.platform
    environment = (
        f"implementation_name == 'cpython' and platform_machine == '{platform.machine}'"
        f" and python_version == '{python.minor}' and sys_platform == 'linux'"
    )
    document = {
        "lock-version": "1.0",
        "environments": [environment],
        "requires-python": f"=={python.minor}.*",
        "created-by": "twinbuild",
        "packages": [_package(wheel, directory) for wheel in sorted(wheels, key=lambda each: each.name)],
    }
    text = tomli_w.dumps(document)
    try:
        Pylock.from_dict(tomllib.loads(text)).validate()
    except PylockValidationError as error:
        raise InternalError.of(
            "TB2047", f"the pylock.toml of {target.key} is not valid: {error}", hint="report this as a defect"
        ) from error
    return text


def _package(wheel: LockedWheel, directory: str) -> dict[str, object]:
    package: dict[str, object] = {"name": wheel.name, "version": wheel.version}
    if wheel.requires:
        package["dependencies"] = [{"name": name} for name in wheel.requires]
    package["wheels"] = [
        {
            "name": wheel.filename,
            "path": f"{directory}/{wheel.filename}",
            "size": wheel.size,
            "hashes": {"sha256": wheel.sha256.hex},
        }
    ]
    package["tool"] = {"twinbuild": {"index": wheel.index, "requested": wheel.requested}}
    return package
