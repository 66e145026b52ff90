"""``archive.volume``: what the kernel says of a directory's file system; devices are made of files, as in /sys."""

from __future__ import annotations

import os
import struct
from pathlib import Path

import pytest

from twinbuild.archive import volume
from twinbuild.archive.volume import volume_of

_NUMBER = "4321"


class _System:
    """A ``/proc`` and a ``/sys`` of files."""

    def __init__(self, place: Path) -> None:
        self.root = place / "system"
        self.directory = place / "the archive"
        self.directory.mkdir()
        (self.root / "proc/self/fdinfo").mkdir(parents=True)
        (self.root / "sys/dev/block").mkdir(parents=True)
        self.lines: list[str] = []
        free = os.open(place, os.O_RDONLY)
        os.close(free)
        for descriptor in range(free, free + 8):  # the ones that are opened next
            (self.root / "proc/self/fdinfo" / str(descriptor)).write_text(f"pos:\t0\nmnt_id:\t{_NUMBER}\n")

    def mount(
        self, device: str, kind: str, *, place: Path | None = None, number: str = _NUMBER, source: str = "x"
    ) -> None:
        where = str(place or self.directory).replace(" ", "\\040")
        self.lines.append(f"{number} 1 {device} / {where} rw,relatime shared:1 - {kind} {source} rw")
        (self.root / "proc/self/mountinfo").write_text("".join(f"{line}\n" for line in self.lines))

    def device(self, number: str, *, uuid: str = "", of: tuple[str, ...] = (), backing: str = "") -> Path:
        """A device by its number, which consists of others."""
        path = self.root / "sys/devices" / number
        (path / "slaves").mkdir(parents=True)
        (self.root / "sys/dev/block" / number).symlink_to(path)
        for each in of:
            (path / "slaves" / each).symlink_to(self.root / "sys/devices" / each)
        for name, text in (("dm/uuid", uuid), ("loop/backing_file", backing)):
            if text:
                (path / name).parent.mkdir()
                (path / name).write_text(f"{text}\n")
        return path

    def partition(self, number: str, of: str) -> None:
        path = self.root / "sys/devices" / of / number
        path.mkdir()
        (path / "partition").write_text("1\n")
        (self.root / "sys/dev/block" / number).symlink_to(path)

    @property
    def found(self) -> tuple[str, str]:
        result = volume_of(self.directory, system=self.root)
        return result.kind, result.how


@pytest.fixture
def system(tmp_path: Path) -> _System:
    """An archive on no file system yet."""
    return _System(tmp_path)


@pytest.mark.parametrize("kind", ["LUKS1", "LUKS2", "PLAIN", "BITLK", "TCRYPT", "LOOPAES", "FVAULT2"])
def test_crypt(system: _System, kind: str) -> None:
    """What cryptsetup calls a device that encrypts."""
    system.device("253:0", uuid=f"CRYPT-{kind}-{'a' * 32}-data")
    system.mount("253:0", "ext4")
    assert system.found == ("encrypted", f"dm-crypt (CRYPT-{kind}), below ext4")


@pytest.mark.parametrize(
    "uuid", ["CRYPT-VERITY-x-data", "CRYPT-INTEGRITY-x", "LVM-xyz", "CRYPT-LUKS", "xCRYPT-LUKS2-y", ""]
)
def test_other_devices(system: _System, uuid: str) -> None:
    """dm-verity and dm-integrity bear the same word, and encrypt nothing."""
    system.device("253:0", uuid=uuid)
    system.mount("253:0", "ext4")
    assert system.found[0] == "unclear"


def test_below(system: _System) -> None:
    """LVM on LUKS on a partition; of a RAID both halves; a partition of what is encrypted."""
    system.device("8:0")
    system.partition("8:1", "8:0")
    system.device("253:0", uuid="CRYPT-LUKS2-x-y", of=("8:0",))
    system.device("253:1", uuid="LVM-abc", of=("253:0",))
    system.mount("253:1", "xfs")
    assert system.found == ("encrypted", "dm-crypt (CRYPT-LUKS2), below xfs")
    system.device("9:0", of=("253:0", "8:0"))
    system.lines.clear()
    system.mount("9:0", "xfs")
    assert system.found[0] == "unclear"
    system.partition("253:9", "253:0")
    system.lines.clear()
    system.mount("253:9", "xfs")
    assert system.found[0] == "encrypted"
    system.lines.clear()
    system.mount("8:1", "ext4")
    assert system.found[0] == "unclear"


def test_circle(system: _System) -> None:
    """Devices that lie in one another, which no kernel has, end."""
    path = system.device("9:0")
    (path / "slaves/9:0").symlink_to(path)
    system.mount("9:0", "ext4")
    assert system.found[0] == "unclear"


@pytest.mark.parametrize(
    ("kind", "device", "said"),
    [
        ("tmpfs", "0:30", "plain"),
        ("ecryptfs", "0:31", "encrypted"),
        ("nfs4", "0:32", "unclear"),
        ("overlay", "0:33", "unclear"),
        ("zfs", "0:34", "unclear"),
        ("fuse.gocryptfs", "0:35", "unclear"),
        ("btrfs", "0:36", "unclear"),
        ("ext4", "8:77", "unclear"),
    ],
)
def test_types(system: _System, kind: str, device: str, said: str) -> None:
    """A name that a program behind FUSE gives itself proves nothing."""
    system.mount(device, kind)
    assert system.found[0] == said


def test_btrfs(system: _System, tmp_path: Path) -> None:
    """All of its devices."""
    for number, uuid in (("253:0", "CRYPT-LUKS2-a-b"), ("253:1", "CRYPT-LUKS2-c-d"), ("8:0", "")):
        system.device(number, uuid=uuid)
    devices = system.root / "sys/fs/btrfs/some-uuid/devices"
    devices.mkdir(parents=True)
    for number in ("253:0", "253:1"):
        (devices / number).symlink_to(system.root / "sys/devices" / number)
    system.mount("0:40", "btrfs", source="/dev/253:0")
    assert system.found[0] == "encrypted"
    (devices / "8:0").symlink_to(system.root / "sys/devices/8:0")
    assert system.found[0] == "unclear"


@pytest.mark.parametrize(("uuid", "said"), [("CRYPT-LUKS2-a-b", "encrypted"), ("", "unclear")])
def test_loop(system: _System, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, uuid: str, said: str) -> None:
    """A file system in a file is where the file is, though it is mounted beside it; one that is gone is nowhere."""
    backing = tmp_path / "disk.img"
    system.device("7:0", backing=str(backing))
    system.device("253:0", uuid=uuid)
    system.mount("7:0", "ext4")
    assert system.found[0] == "unclear"
    backing.write_bytes(b"")
    system.mount("253:0", "ext4", place=tmp_path, number="77")
    numbers = {backing: "77", system.directory.resolve(): _NUMBER}
    monkeypatch.setattr(volume, "_opened", lambda place, _: (0, numbers[place]))
    assert system.found[0] == said


def test_loop_in_itself(system: _System, tmp_path: Path) -> None:
    """No kernel has it; it ends."""
    backing = tmp_path / "disk.img"
    backing.write_bytes(b"")
    system.device("7:0", backing=str(backing))
    system.mount("7:0", "ext4")
    assert system.found[0] == "unclear"


def test_mounted_below(system: _System) -> None:
    """What is mounted within the directory counts; what lies beside it does not."""
    system.device("253:0", uuid="CRYPT-LUKS2-a-b")
    system.mount("253:0", "ext4")
    system.mount("0:50", "tmpfs", place=Path(f"{system.directory}2"), number="2")
    assert system.found[0] == "encrypted"
    system.mount("0:51", "tmpfs", place=system.directory / "blobs", number="3")
    assert system.found == ("plain", f"{system.directory}/blobs: tmpfs: in memory, not encrypted")


def test_flags(system: _System, monkeypatch: pytest.MonkeyPatch) -> None:
    """A directory under a policy of fscrypt, by the flag that the kernel gives it; on others the flag means nothing."""
    monkeypatch.setattr(volume.fcntl, "ioctl", lambda *_: struct.pack("ii", 0x800, 0))
    system.mount("8:0", "ext4")
    assert system.found == ("encrypted", "fscrypt, on ext4")
    system.lines.clear()
    system.mount("8:0", "xfs")
    assert system.found[0] == "unclear"


def test_nothing_known(system: _System, tmp_path: Path) -> None:
    """No list of mounts, one without this mount, one that is none; a directory that is not there."""
    assert system.found[0] == "unclear"
    system.mount("8:0", "ext4", number="1")
    assert system.found[0] == "unclear"
    (system.root / "proc/self/mountinfo").write_bytes(b"\xff\n")
    assert system.found[0] == "unclear"
    assert volume_of(tmp_path / "none", system=system.root).kind == "unclear"


def test_this_machine(tmp_path: Path) -> None:
    """Of the machine at hand something is said, and of memory that it is none."""
    assert volume_of(tmp_path).how
    if os.path.ismount("/dev/shm") and os.access("/dev/shm", os.R_OK):
        assert volume_of(Path("/dev/shm")).kind == "plain"


def test_links(system: _System, monkeypatch: pytest.MonkeyPatch) -> None:
    """Blobs that a link puts elsewhere lie there; one that leads nowhere, or deeper than any of an archive, is none."""
    system.device("254:0", uuid="CRYPT-LUKS2-0-x")
    system.mount("254:0", "ext4")
    elsewhere = system.root.parent / "elsewhere"
    elsewhere.mkdir()
    system.mount("0:9", "tmpfs", place=elsewhere, number="99")
    opened = volume._opened
    monkeypatch.setattr(volume, "_opened", lambda place, root: (0, "99") if place == elsewhere else opened(place, root))
    below = system.directory / "v1/blobs/sha256"
    (below / "ab/cd").mkdir(parents=True)
    (below / "ab/cd/ef").symlink_to(elsewhere)
    (below / "nowhere").symlink_to(system.root / "none")
    assert system.found[0] == "encrypted"
    (below / "ac").symlink_to(elsewhere)
    assert system.found == ("plain", f"{elsewhere}: tmpfs: in memory, not encrypted")
