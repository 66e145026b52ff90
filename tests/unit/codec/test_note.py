"""Signed notes: those of others are read, every other text is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.notes import GO_NOTE, GO_TEXT, REKOR_NOTE
from twinbuild.codec.note import Note, NoteSignature, decode_note, encode_note, is_key_name
from twinbuild.errors import IntegrityError

SIGNATURE = "\u2014 name AAAAAAA="  # four bytes of an id, and one of a signature


@pytest.mark.parametrize("content", [GO_NOTE, REKOR_NOTE])
def test_notes_of_others(content: bytes) -> None:
    """They come back byte for byte."""
    assert encode_note(decode_note(content, name="n")) == content


def test_parts() -> None:
    """Text, name, id and signature."""
    note = decode_note(GO_NOTE, name="n")
    (signature,) = note.signatures
    assert (note.text, signature.name, signature.keyid.hex()) == (GO_TEXT, "PeterNeumann", "c74f20a3")
    assert len(signature.sig) == 64


def test_the_last_empty_line_ends_the_text() -> None:
    """signed-note, "Format": the text may contain empty lines."""
    assert decode_note(f"a\n\nb\n\n{SIGNATURE}\n".encode(), name="n").text == "a\n\nb\n"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"text\n",
        b"text\n\n",
        f"text\n\n{SIGNATURE}".encode(),
        f"text\n{SIGNATURE}\n".encode(),
        f"text\n\n{SIGNATURE}\n\n".encode(),
        f"text\r\n\r\n{SIGNATURE}\r\n".encode(),
        f"te\0xt\n\n{SIGNATURE}\n".encode(),
        f"te\txt\n\n{SIGNATURE}\n".encode(),
        b"te\xffxt\n\n" + f"{SIGNATURE}\n".encode(),
        b"text\n\n- name AAAAAAA=\n",
        "text\n\n\u2014 name AAAAAA==\n".encode(),  # an id alone
        "text\n\n\u2014 name AAAAAAB=\n".encode(),  # another spelling of the same bytes
        "text\n\n\u2014 name AAAAAAA\n".encode(),
        "text\n\n\u2014  AAAAAAA=\n".encode(),
        "text\n\n\u2014 na+me AAAAAAA=\n".encode(),
        "text\n\n\u2014 name  AAAAAAA=\n".encode(),
        "text\n\n\u2014 name AAAAAAA= more\n".encode(),
        f"text\n\n{SIGNATURE}\nmore\n".encode(),
        ("text\n\n" + f"{SIGNATURE}\n" * 101).encode(),
        b"x" * ((1 << 20) + 1),
    ],
)
def test_no_note(content: bytes) -> None:
    """TB8633 for anything that is no note."""
    with pytest.raises(IntegrityError) as caught:
        decode_note(content, name="n")
    assert caught.value.findings[0].code == "TB8633"


@given(
    st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), min_size=1),
    st.lists(st.tuples(st.binary(min_size=4, max_size=4), st.binary(min_size=1, max_size=80)), min_size=1, max_size=16),
)
def test_round_trip(text: str, signatures: list[tuple[bytes, bytes]]) -> None:
    """What is written is read; at least sixteen signatures are taken."""
    note = Note(
        text=f"{text}\n",
        signatures=tuple(NoteSignature(name="example.com/log", keyid=keyid, sig=sig) for keyid, sig in signatures),
    )
    assert decode_note(encode_note(note), name="n") == note


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\u2003b", "a\nb", "x" * 201, "a\u202eb", "a\x7f", "a\x9bm"])
def test_no_names_of_keys(name: str) -> None:
    """signed-note: neither spaces nor plus signs; nor what does not print."""
    assert not is_key_name(name)
