"""``archive.volume`` on real file systems: the kernel itself says what lies encrypted."""

from __future__ import annotations

import fcntl
import os
import shutil
import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from twinbuild.archive.volume import volume_of

pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0, reason="file systems are mounted"),
    pytest.mark.skipif(not Path("/dev/loop-control").exists(), reason="no loop devices here"),
    pytest.mark.skipif(shutil.which("mkfs.ext4") is None, reason="no mkfs.ext4 here"),
]
_ADD_KEY = 0xC0506617  # FS_IOC_ADD_ENCRYPTION_KEY and
_SET_POLICY = 0x800C6613  # FS_IOC_SET_ENCRYPTION_POLICY of linux/fscrypt.h


@pytest.fixture
def mounted(tmp_path: Path) -> Iterator[Path]:
    """An empty ext4 that may encrypt, in a file that lies beside the directory where it is mounted."""
    image, place = tmp_path / "disk.img", tmp_path / "mounted here"
    place.mkdir()
    with image.open("wb") as stream:
        stream.truncate(16 << 20)
    subprocess.run(["mkfs.ext4", "-q", "-O", "encrypt", image], check=True)
    done = subprocess.run(["mount", "-o", "loop", image, place], check=False, capture_output=True)
    if done.returncode:
        pytest.skip("nothing can be mounted here")
    try:
        yield place
    finally:
        subprocess.run(["umount", place], check=True)


def _encrypt(directory: Path) -> None:
    """Put an empty directory under a policy of fscrypt, with a key of its own."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        asked = bytearray(struct.pack("II32sII32s", 2, 0, b"", 64, 0, b"") + os.urandom(64))
        fcntl.ioctl(descriptor, _ADD_KEY, asked)
        fcntl.ioctl(descriptor, _SET_POLICY, struct.pack("BBBBB3s16s", 2, 1, 4, 0, 0, b"", asked[8:24]))
    except OSError:
        pytest.skip("this kernel has no fscrypt")
    finally:
        os.close(descriptor)


def test_directories(mounted: Path) -> None:
    """A directory under a policy, and one below it, are encrypted; one beside it is where the disk's file is."""
    for name in ("archive", "beside"):
        (mounted / name).mkdir()
    outside = volume_of(mounted.parent).kind
    assert volume_of(mounted / "archive").kind != "encrypted" or outside == "encrypted"
    _encrypt(mounted / "archive")
    (mounted / "archive/blobs").mkdir()
    found = [volume_of(mounted / name) for name in ("archive", "archive/blobs")]
    assert [(each.kind, each.how) for each in found] == [("encrypted", "fscrypt, on ext4")] * 2
    assert volume_of(mounted / "beside").kind != "encrypted" or outside == "encrypted"


def test_memory_below(mounted: Path) -> None:
    """What is mounted within an encrypted directory counts."""
    (mounted / "archive").mkdir()
    _encrypt(mounted / "archive")
    below = mounted / "archive/blobs"
    below.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "none", below], check=True)
    try:
        assert volume_of(mounted / "archive").kind == "plain"
    finally:
        subprocess.run(["umount", below], check=True)
