"""``pipeline.archive.naming``: which release is meant, or that nobody can tell."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from fakes.archived import tiny_record
from twinbuild.archive.directory import Archive
from twinbuild.archive.summaries import summaries
from twinbuild.errors import UsageError
from twinbuild.model.archive import ArchivedImage
from twinbuild.model.digest import Digest
from twinbuild.pipeline.archive.naming import chosen, exact
from twinbuild.store import layout


def test_names(tmp_path: Path) -> None:
    """By name and version, by a release digest or its beginning, and by the digest of an image."""
    record, other = tiny_record(), tiny_record(name="other")
    with Archive(tmp_path / "a", writing=True) as archive:
        archive.put(record)
        archive.put(other)
        image = record.images[0].digest
        for text in (
            "tiny@1.0.0",
            "tiny",
            str(record.digest),
            record.digest.hex[:8],
            f"sha256:{record.digest.hex[:6]}",
            str(image),
            image.hex[:12],
            f"registry.example/tiny:1.0.0@{image}",  # what a pod says of itself, by whatever runtime
            f"docker-pullable://registry.example:5000/team/tiny@{image}",
            f"docker://{image}",
            f"registry.example/tiny@{record.digest}",
        ):
            assert chosen(archive, text).kept.release == record.digest, text
        for text in (
            "tiny@1.0.1",
            "tiny@",
            "@1.0.0",
            "",
            "abcdef",
            record.digest.hex[:5],
            "\x1b[2J",
            f"tiny@{str(image)[:-1]}",
            f"@{image}",
        ):
            with pytest.raises(UsageError, match="TB9107"):
                chosen(archive, text)
        with pytest.raises(UsageError, match=r"TB9107.*did you mean tiny@1\.0\.0"):
            chosen(archive, "tniy@1.0.0")


def test_what_begins_alike(tmp_path: Path) -> None:
    """Beginnings of digests can be made to order, so none hides another's, nor a name: TB9108 names all of them."""
    record = tiny_record()
    start = record.digest.hex[:6]
    image = ArchivedImage(
        variant="cpu",
        platform="linux/amd64",
        digest=Digest(start + "0" * 58),
        config=Digest("1" * 64),
    )
    for other in (replace(tiny_record(name="other"), images=(image,)), tiny_record(name=start)):
        with Archive(tmp_path / other.name, writing=True) as archive:
            archive.put(record)
            archive.put(other)
            with pytest.raises(UsageError, match="TB9108"):
                chosen(archive, start)
            assert chosen(archive, record.digest.hex).kept.release == record.digest
            assert chosen(archive, f"{other.name}@1.0.0").kept.release == other.digest


def test_exact(tmp_path: Path) -> None:
    """A release digest is that of a release, though another one says that its image has it, and the first is gone."""
    record = tiny_record()
    image = ArchivedImage(variant="cpu", platform="linux/amd64", digest=record.digest, config=Digest("1" * 64))
    with Archive(tmp_path / "a", writing=True) as archive:
        other = replace(tiny_record(name="other"), images=(image,))
        archive.put(other)
        assert chosen(archive, str(record.digest)).kept.release == other.digest
        with pytest.raises(UsageError, match="TB9107"):
            exact(archive, record.digest)
        archive.put(record)
        assert exact(archive, record.digest).release == record.digest


def test_what_is_remembered_renames_nothing(tmp_path: Path) -> None:
    """A cache in which two releases changed names: each name still leads to the release whose record bears it."""
    one, two = tiny_record(), tiny_record(name="other")
    with Archive(tmp_path / "a", writing=True) as archive:
        archive.put(one)
        archive.put(two)
        summaries(archive)
    file = tmp_path / "a" / "v1" / "summaries"
    content = layout.decode_record(file.read_bytes())
    assert content is not None
    swapped = content.replace(b'"tiny"', b'"?"').replace(b'"other"', b'"tiny"').replace(b'"?"', b'"other"')
    assert swapped != content
    file.chmod(0o644)
    file.write_bytes(layout.encode_record(swapped))
    with Archive(tmp_path / "a") as archive:
        assert chosen(archive, "tiny@1.0.0").kept.release == one.digest
        assert chosen(archive, "other@1.0.0").kept.release == two.digest


def test_several(tmp_path: Path) -> None:
    """A version that was released twice, and a configuration that images share: each is listed by its digest."""
    one, two = tiny_record(), tiny_record(seed=b"again")
    with Archive(tmp_path / "a", writing=True) as archive:
        archive.put(one)
        archive.put(two)
        for text in ("tiny@1.0.0", "tiny", str(one.images[0].config)):
            with pytest.raises(UsageError, match="TB9108") as caught:
                chosen(archive, text)
            assert all(each.digest.hex[:12] in str(caught.value) for each in (one, two))
