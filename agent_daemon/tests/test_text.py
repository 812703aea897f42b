"""Octets to text: what printers send, and anything else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from focalist_agent.report import MAX_TEXT
from focalist_agent.text import decode, mac


@pytest.mark.parametrize(
    ("octets", "charset", "said"),
    [
        (b"Bac d'entr\xc3\xa9e", None, "Bac d'entrée"),
        (b"Bac d'entr\xe9e", None, "Bac d'entrée"),
        (b"Kit manuten\x87\xc6o", None, "Kit manutenção"),
        (b"Kit manuten\x87\xc6o", "cp850", "Kit manutenção"),
        (b"entr\xc5e", "hp-roman8", "entrée"),
        (b"Laserjet\0\0\0", None, "Laserjet"),
        (b"\x01\x15HP LaserJet 4\x00", None, "HP LaserJet 4"),
        (b"\xfd\xe8Imprimante d'\xc3\xa9tage", None, "Imprimante d'étage"),
        (b"0x526561647900", None, "Ready"),
        # Hexadecimal that is no text is what it says.
        (b"0xfffefdfc", None, "0xfffefdfc"),
        (b"  two\r\nlines\t", None, "two lines"),
        (b"", None, ""),
        (b"\x1b[31mred", None, "[31mred"),
        (5, None, ""),
        (None, None, ""),
    ],
)
def test_decode(octets, charset, said):
    assert decode(octets, charset) == said


@given(
    st.binary(max_size=600),
    st.sampled_from([None, "utf-8", "ascii", "cp850", "hp-roman8", "cp932", "big5"]),
)
def test_any_octets_are_one_line_of_bounded_text(octets, charset):
    said = decode(octets, charset)
    assert said.isprintable()
    assert len(said) <= MAX_TEXT
    assert said == said.strip()


@given(st.text(st.characters(exclude_categories=("C", "Z")), max_size=200))
def test_utf_8_comes_through(text):
    if text.startswith("0x"):
        return
    assert decode(text.encode(), "cp850") == text


@pytest.mark.parametrize(
    ("octets", "said"),
    [
        (bytes.fromhex("002673aabbcc"), "00:26:73:aa:bb:cc"),
        (bytes(6), None),
        (b"", None),
        (b"12345678", None),
        (7, None),
    ],
)
def test_mac(octets, said):
    assert mac(octets) == said


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "utf-16-le"])
def test_two_octets_a_letter(encoding):
    assert decode("Toner noir".encode(encoding)) == "Toner noir"
    assert decode(b"Toner\0") == "Toner"
