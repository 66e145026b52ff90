"""The skeleton of a virtual environment (PEP 405).

It is what ``python3.11 -m venv --without-pip`` leaves, but for the scripts that activate it.
"""

from __future__ import annotations

from collections.abc import Iterator

from twinbuild.model.plan import SkeletonRecipe
from twinbuild.model.tree import BytesContent, Directory, Entry, File, Symlink
from twinbuild.wheel.layout import Layout
from twinbuild.wheel.names import parents

__all__ = ["skeleton"]


def skeleton(recipe: SkeletonRecipe) -> Iterator[Entry]:
    """The entries of the environment at ``recipe.prefix``, sorted by path, with all parent directories."""
    layout = Layout(prefix=recipe.prefix, python=recipe.python)
    prefix, name = recipe.prefix, f"python{recipe.python}"
    directory, _, _ = recipe.executable.rpartition("/")
    configuration = (
        f"home = /{directory}\n"
        "include-system-site-packages = false\n"
        f"version = {recipe.version}\n"
        f"executable = /{recipe.executable}\n"
        f"command = /{recipe.executable} -m venv /{prefix}\n"
    )
    entries: list[Entry] = [
        Symlink(path=f"{prefix}/bin/{name}", target=f"/{recipe.executable}"),
        Symlink(path=f"{prefix}/bin/python", target=name),
        Symlink(path=f"{prefix}/bin/python3", target=name),
        Symlink(path=f"{prefix}/lib64", target="lib"),
        File(path=f"{prefix}/pyvenv.cfg", content=BytesContent(configuration.encode())),
    ]
    directories = {layout.scripts, layout.site_packages, f"{prefix}/include/{name}"}
    directories |= parents(directories)
    entries += [Directory(path=path) for path in directories]
    return iter(sorted(entries, key=lambda entry: entry.path))
