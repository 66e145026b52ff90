"""Whether a directory lies encrypted on its disk, as this machine's kernel knows it: what can be seen, and no more.

Seen are: dm-crypt below the file system (LUKS and its like), through LVM, RAID, partitions, loop devices and all
devices of a btrfs; a directory under a policy of fscrypt (ext4, f2fs, ubifs); eCryptfs. Not seen are a drive that
encrypts itself, a disk that a cloud encrypts, ZFS's own encryption, what a server of NFS does, and what a program
behind FUSE does with the bytes: there the answer is that nobody can tell. What is in memory alone is not encrypted.
"""

from __future__ import annotations

import fcntl
import os
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Literal

__all__ = ["Volume", "volume_of"]

_CRYPTS: Final = re.compile(r"CRYPT-(?:LUKS1|LUKS2|PLAIN|LOOPAES|TCRYPT|BITLK|FVAULT2)-", re.ASCII)
"""What cryptsetup calls a device that encrypts; it calls CRYPT-VERITY and CRYPT-INTEGRITY what does not."""
_LONG: Final = struct.calcsize("l")
_GETFLAGS: Final = 2 << 30 | _LONG << 16 | ord("f") << 8 | 1  # FS_IOC_GETFLAGS of linux/fs.h, which gives an int
_ENCRYPTED: Final = 0x800  # FS_ENCRYPT_FL
_ESCAPED: Final = re.compile(r"\\([0-7]{3})")
_LEVELS: Final = 4  # of directories in which links are seen: v1/blobs/sha256/ab
_DEEPEST: Final = 16  # devices below one another
_MOST: Final = 1 << 20  # characters of a list of mounts


@dataclass(frozen=True, slots=True, kw_only=True)
class Volume:
    """``kind``: encrypted, plain, or unclear; ``how`` says by what, or why nobody can tell."""

    kind: Literal["encrypted", "plain", "unclear"]
    how: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Mount:
    number: str
    device: str  # MAJOR:MINOR
    place: str
    type: str
    source: str


def volume_of(directory: Path, *, system: Path = Path("/")) -> Volume:
    """Of a directory, of what is mounted below it, and of where links of its upper directories lead: the worst of them.

    ``system`` has ``proc`` and ``sys``. A directory that is not there is not looked into.
    """
    try:
        place = directory.resolve(strict=True)
        seen = _Seen(system=system, mounts=tuple(_mounts(system)))
        found = [seen.lies(place, 0)]
        linked = _linked(place)
        for other in linked:
            volume = seen.lies(other, 0)
            found.append(replace(volume, how=f"{other}: {volume.how}"))
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else "it cannot be read"
        return Volume(kind="unclear", how=f"this machine does not say what it lies on ({why.lower()})")
    for mount in seen.mounts:
        if any(mount.place.startswith(f"{each}/") for each in (place, *linked)):
            volume = seen.mounted(mount, 0, 0)
            found.append(replace(volume, how=f"{mount.place}: {volume.how}"))
    return _worst(found)


def _linked(place: Path) -> tuple[Path, ...]:
    """Where links lead that lie in a directory or in the upper ones below it, such as those of an archive's blobs."""
    found: dict[Path, None] = {}
    pending = [(place, 1)]
    while pending:
        directory, level = pending.pop()
        try:
            with os.scandir(directory) as entries:
                listed = sorted(entries, key=lambda each: each.name)
        except PermissionError:  # such as lost+found, which no archive uses
            continue
        for each in listed:
            if each.is_symlink():
                found |= dict.fromkeys([Path(each.path).resolve()] if Path(each.path).exists() else ())
            elif level < _LEVELS and each.is_dir(follow_symlinks=False):
                pending.append((Path(each.path), level + 1))
    return tuple(found)


def _worst(found: list[Volume]) -> Volume:
    return min(found, key=lambda each: ("plain", "unclear", "encrypted").index(each.kind))


def _opened(place: Path, system: Path) -> tuple[int, str]:
    """A file's or directory's flags (0 where its file system has none), and the number of the mount that it is on."""
    descriptor = os.open(place, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    try:
        text = (system / "proc/self/fdinfo" / str(descriptor)).read_text("utf-8")
        found = re.search(r"^mnt_id:\s*(\d+)$", text, re.MULTILINE)
        try:
            (flags,) = struct.unpack_from("i", fcntl.ioctl(descriptor, _GETFLAGS, bytes(_LONG)))
        except OSError:
            flags = 0
    finally:
        os.close(descriptor)
    if found is None:
        raise ValueError
    return flags, found[1]


def _mounts(system: Path) -> Iterator[_Mount]:
    """The lines of proc_pid_mountinfo(5)."""
    with (system / "proc/self/mountinfo").open(encoding="utf-8") as stream:
        text = stream.read(_MOST)
    for line in text.splitlines():
        before, _, after = line.partition(" - ")
        fields, more = before.split(" "), after.split(" ")
        place, source = (_ESCAPED.sub(lambda each: chr(int(each[1], 8)), text) for text in (fields[4], more[1]))
        yield _Mount(number=fields[0], device=fields[2], place=place, type=more[0], source=source)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """What the kernel shows: its files, and the mounts."""

    system: Path
    mounts: tuple[_Mount, ...]

    def lies(self, place: Path, depth: int) -> Volume:
        """Of a file or directory itself. Raises OSError, ValueError."""
        flags, number = _opened(place, self.system)
        mount = next((each for each in self.mounts if each.number == number), None)
        if mount is None:
            raise ValueError
        return self.mounted(mount, flags, depth)

    def mounted(self, mount: _Mount, flags: int, depth: int) -> Volume:
        """Of something with these flags on a mount."""
        if mount.type == "ecryptfs":
            return Volume(kind="encrypted", how="eCryptfs")
        if flags & _ENCRYPTED and mount.type in ("ext4", "f2fs", "ubifs", "ceph"):
            return Volume(kind="encrypted", how=f"fscrypt, on {mount.type}")
        if mount.type in ("tmpfs", "ramfs"):
            return Volume(kind="plain", how=f"{mount.type}: in memory, not encrypted")
        if mount.type == "btrfs":
            return self._several(self._btrfs(mount), mount, depth)
        if mount.device.startswith("0:"):
            return Volume(kind="unclear", how=f"what {mount.type} does with it cannot be seen from here")
        return self._device(self.system / "sys/dev/block" / mount.device, mount, depth)

    def _btrfs(self, mount: _Mount) -> list[Path]:
        """All devices of a btrfs, one of which is the mount's source; [] where this machine does not list them."""
        name = Path(mount.source).resolve().name
        for place in sorted((self.system / "sys/fs/btrfs").glob("*/devices")):
            devices = sorted(place.iterdir())
            if name in {each.name for each in devices}:
                return devices
        return []

    def _several(self, devices: list[Path], mount: _Mount, depth: int) -> Volume:
        if not devices:
            return Volume(kind="unclear", how=f"the devices of {mount.type} at {mount.place} cannot be seen")
        return _worst([self._device(each, mount, depth) for each in devices])

    def _device(self, place: Path, mount: _Mount, depth: int) -> Volume:
        """Of a block device: it encrypts itself, or all that it consists of does."""
        unseen = Volume(
            kind="unclear",
            how=f"no dm-crypt lies below {mount.type} at {mount.place} ({place.resolve().name}); what a drive, a cloud "
            "or another machine encrypts cannot be seen",
        )
        if depth > _DEEPEST or not place.exists():
            return unseen
        uuid = _text(place / "dm/uuid")
        if _CRYPTS.match(uuid):
            return Volume(kind="encrypted", how=f"dm-crypt ({'-'.join(uuid.split('-')[:2])}), below {mount.type}")
        slaves = place / "slaves"
        if slaves.is_dir() and (devices := sorted(slaves.iterdir())):
            return self._several(devices, mount, depth + 1)
        if (place / "partition").exists():
            return self._device(place.resolve().parent, mount, depth + 1)
        file = Path(_text(place / "loop/backing_file"))
        if file.is_absolute() and file.is_file():  # it is not where another mount or its deletion hides it
            return self.lies(file, depth + 1)
        return unseen


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace")[:4096].strip()
    except OSError:
        return ""
