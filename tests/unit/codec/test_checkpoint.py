"""Checkpoints: three lines, one spelling."""

from __future__ import annotations

import pytest

from fakes.notes import REKOR_NOTE
from twinbuild.codec.checkpoint import Checkpoint, checkpoint_of, checkpoint_text
from twinbuild.codec.note import Note, decode_note
from twinbuild.errors import IntegrityError

# The example of C2SP's tlog-checkpoint.
TEXT = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"


def _of(text: str) -> Checkpoint:
    return checkpoint_of(Note(text=text, signatures=()), name="n")


def test_the_example() -> None:
    """It is read, and written the same."""
    found = _of(TEXT)
    assert (found.origin, found.size, len(found.root)) == ("example.com/behind-the-sofa", 20852163, 32)
    assert checkpoint_text(found) == TEXT


def test_of_a_public_log() -> None:
    """Sigstore's, whose origin has spaces."""
    assert checkpoint_of(decode_note(REKOR_NOTE, name="n"), name="n").size == 90244708


def test_further_lines() -> None:
    """tlog-checkpoint: extension lines may follow, and say nothing to us."""
    assert _of(f"{TEXT}Timestamp: 1688058656037355364\n") == _of(TEXT)


@pytest.mark.parametrize(
    "text",
    [
        "\n",
        "a\n1\n",
        TEXT.replace("20852163", "020852163"),
        TEXT.replace("20852163", "+1"),
        TEXT.replace("20852163", "\u0661"),
        TEXT.replace("20852163", "9" * 20),
        TEXT.replace("example.com/behind-the-sofa", ""),
        TEXT.replace("q2I=", "q2J="),
        TEXT.replace("CsUYapGG", ""),
        f"{TEXT}\nmore\n",
    ],
)
def test_no_checkpoint(text: str) -> None:
    """TB8633."""
    with pytest.raises(IntegrityError) as caught:
        _of(text)
    assert caught.value.findings[0].code == "TB8633"
