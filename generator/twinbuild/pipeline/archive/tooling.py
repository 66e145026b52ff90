"""The twinbuild that made a release, in the archive with it: packed once, and shared by every release that it made."""

from __future__ import annotations

from twinbuild import __version__
from twinbuild.archive.directory import Archive
from twinbuild.codec.amounts import counted
from twinbuild.errors import TwinbuildError
from twinbuild.model.digest import Digest
from twinbuild.model.platform import Platform
from twinbuild.pipeline.archive.bringing import Bringing
from twinbuild.pipeline.machine import Machine
from twinbuild.pipeline.tool.code import code_digest, code_files
from twinbuild.pipeline.tool.opened import OpenedTool, machine_platform, open_tool
from twinbuild.pipeline.tool.pack import missing_for, pack_tool
from twinbuild.store.memory import MemoryStore

__all__ = ["NoTool", "archived_tool", "bring_tool", "is_running"]


class NoTool(str):
    """Why no twinbuild is archived with a release."""

    __slots__ = ()


def bring_tool(
    bringing: Bringing, machine: Machine, *, generator: str, earlier: tuple[Digest, ...]
) -> tuple[Digest, ...] | NoTool:
    """Bring the running twinbuild, packed for this machine, into the archive: its blobs, the image's manifest first.

    It must be of the version that made the release; where ``earlier`` says that another one is archived with the
    release, that one stays, and nothing is brought. Nothing is fetched for it: what packing needs and the store lacks
    is said, and the release is archived without it.
    """
    if generator != __version__:
        return NoTool(f"twinbuild {generator} made the release, and this is {__version__}: archive it with that one")
    try:
        platform = Platform.parse(machine_platform())
        if missing := missing_for(machine, platform):
            return NoTool(
                f"the store lacks {counted(missing, 'file')} that packing it needs: "
                "run `twinbuild tool pack`, then archive again"
            )
        root = pack_tool(machine, platform)
    except TwinbuildError as error:
        return NoTool(f"it cannot be packed: {error.findings[0].message}")
    if earlier and earlier[0] != root.digest:
        return earlier
    bringing.bring_stored(tuple((blob.digest, blob.size) for blob in root.blobs))
    return tuple(blob.digest for blob in root.blobs)


def archived_tool(archive: Archive, tool: tuple[Digest, ...]) -> OpenedTool:
    """The packed twinbuild of a record. Raises as ``open_tool``, whose store the archive's blobs are."""
    return open_tool(tool[0], archive.blobs)


def is_running(tool: OpenedTool) -> bool:
    """Whether a packed twinbuild is the one that runs: the same version, and its own files byte for byte."""
    return tool.version == __version__ and tool.code == code_digest(code_files(MemoryStore()))
