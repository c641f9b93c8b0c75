"""Notes, checkpoints and co-signatures against published vectors and against forgeries."""

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from returnbench.sync.note import (
    Checkpoint,
    Ed25519Signer,
    NoteError,
    NoteVerifier,
    cosign,
    open_note,
    parse_checkpoint,
    sign_note,
)

ORIGIN = "returns.example/bench/station-07"
VKEY = ORIGIN + "+df248c52+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4"
ROOT_8 = bytes.fromhex("5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328")
SIGNED = """\
returns.example/bench/station-07
8
XcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg=

— returns.example/bench/station-07 \
3ySMUtngwdi7UDZ1LQtKqT/P7/wYlgqKIFaC7+ZhMLpvOgKKSsuGkKOwTS6YrPPzxjDl488luSShsWeqTFrTHHCXKAk=
"""
WITNESS = "witness.example/head-office"
WITNESS_VKEY = WITNESS + "+6b9a8639+BCmsuuFBvMrwsi4alNNNC8c2HlJtC/4SyJeUvJMilm3X"
COSIGNATURE = (
    "— witness.example/head-office "
    "a5qGOQAAAABrSdIAz3QPQcePN78uaHIZyngh5wv6Aub0OUzNyEVldSZPECsaun13Ym3UaGpxfSRYS/Jgd4PjM8KRIxNTu"
    "42bSebYCg==\n"
)


def signer(first=0, name=ORIGIN):
    seed = bytes(range(first, first + 32))
    return Ed25519Signer(name, Ed25519PrivateKey.from_private_bytes(seed))


LOG = NoteVerifier.from_vkey(VKEY)


def test_the_published_key():
    assert signer().vkey == VKEY
    assert signer().key_id.hex() == "df248c52"
    assert LOG.vkey == VKEY
    assert LOG.public.hex() == "03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8"


def test_the_published_checkpoint():
    checkpoint = Checkpoint(ORIGIN, 8, ROOT_8)
    assert sign_note(checkpoint.text(), [signer()]) == SIGNED
    opened = open_note(SIGNED, [LOG])
    assert opened.verified == (ORIGIN,)
    assert opened.unknown == ()
    assert parse_checkpoint(opened.text) == checkpoint


def test_the_published_cosignature():
    witness = signer(0x20, WITNESS)
    assert witness.witness_vkey == WITNESS_VKEY
    note = cosign(SIGNED, witness, 1_800_000_000)
    assert note == SIGNED + COSIGNATURE
    opened = open_note(note, [LOG, NoteVerifier.from_vkey(WITNESS_VKEY)])
    assert opened.verified == (ORIGIN, WITNESS)
    assert opened.cosigned_at == {WITNESS: 1_800_000_000}
    assert open_note(note, [LOG]).unknown == (WITNESS,)


def test_a_wrong_cosignature_spoils_the_note():
    later = COSIGNATURE.replace("AAAABrSdIA", "AAAABrSdIB")
    assert later != COSIGNATURE
    with pytest.raises(NoteError, match="was changed"):
        open_note(SIGNED + later, [LOG, NoteVerifier.from_vkey(WITNESS_VKEY)])


def test_a_cosignature_of_the_wrong_length_spoils_the_note():
    verifier = NoteVerifier.from_vkey(WITNESS_VKEY)
    short = f"— {WITNESS} {base64.b64encode(verifier.key_id + bytes(20)).decode()}\n"
    with pytest.raises(NoteError, match="was changed"):
        open_note(SIGNED + short, [LOG, verifier])


def test_only_a_checkpoint_is_cosigned():
    note = sign_note("hello\n", [signer()])
    with pytest.raises(NoteError, match="three lines"):
        cosign(note, signer(0x20, WITNESS), 1)


def test_unknown_signatures_are_passed_over():
    note = sign_note("text\n", [signer(1, "other.example/a"), signer(), signer(2, "other")])
    opened = open_note(note, [LOG])
    assert opened.verified == (ORIGIN,)
    assert opened.unknown == ("other.example/a", "other")


def test_the_same_name_with_another_key_is_unknown():
    note = sign_note("text\n", [signer(5)])
    with pytest.raises(NoteError, match="no signature of a known key"):
        open_note(note, [LOG])


def test_one_wrong_signature_of_a_known_key_spoils_the_note():
    wrong = f"— {ORIGIN} {base64.b64encode(LOG.key_id + bytes(64)).decode()}\n"
    with pytest.raises(NoteError, match="was changed"):
        open_note(SIGNED + wrong, [LOG])


def test_many_signatures_are_accepted_and_too_many_refused():
    others = [signer(number, f"key{number}") for number in range(60)]
    assert len(open_note(sign_note("t\n", [*others, signer()]), [LOG]).unknown) == 60
    with pytest.raises(NoteError, match="more than"):
        open_note(sign_note("t\n", [*others, *others]), [LOG])


def test_a_text_with_empty_lines_keeps_them():
    text = "one\n\ntwo\n"
    assert open_note(sign_note(text, [signer()]), [LOG]).text == text


@given(st.integers(0, len(SIGNED.encode()) * 8 - 1))
def test_a_note_with_a_turned_bit_is_refused(bit):
    blob = bytearray(SIGNED.encode())
    blob[bit // 8] ^= 1 << (bit % 8)
    try:
        text = blob.decode()
    except UnicodeDecodeError:
        return
    with pytest.raises(NoteError):
        open_note(text, [LOG])


@pytest.mark.parametrize(
    "note",
    [
        "",
        "text\n",
        "text\n\n",
        SIGNED[:-1],
        SIGNED.replace("\n\n", "\n"),
        SIGNED.replace("—", "-"),
        SIGNED.replace("— ", "—"),
        SIGNED.replace("8\n", "8\r\n"),
        SIGNED + "\n",
        SIGNED + "— name\n",
        SIGNED + "— name AAAA\n",
        SIGNED + "— na+me AAAAAAAA\n",
        SIGNED + "— name AAAA AAAA\n",
        SIGNED + "— name AAAAAAB=\n",
    ],
)
def test_malformed_notes_are_refused(note):
    with pytest.raises(NoteError):
        open_note(note, [LOG])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "origin\n8\n",
        "\n8\n" + base64.b64encode(ROOT_8).decode() + "\n",
        "origin\n08\n" + base64.b64encode(ROOT_8).decode() + "\n",
        "origin\n-1\n" + base64.b64encode(ROOT_8).decode() + "\n",
        "origin\n\N{SUPERSCRIPT TWO}\n" + base64.b64encode(ROOT_8).decode() + "\n",
        "origin\n8\n" + base64.b64encode(ROOT_8[1:]).decode() + "\n",
        "origin\n8\n" + base64.b64encode(ROOT_8).decode() + "\nextra\n",
        "origin\n8\n" + base64.b64encode(ROOT_8).decode(),
    ],
)
def test_malformed_checkpoints_are_refused(text):
    with pytest.raises(NoteError):
        parse_checkpoint(text)


@pytest.mark.parametrize(
    "vkey",
    [
        "",
        "name",
        VKEY.replace("df248c52", "df248c53"),
        VKEY[:-1],
        VKEY.replace("station-07", "station-08"),
        f"name+00000000+{base64.b64encode(bytes(33)).decode()}",
    ],
)
def test_malformed_keys_are_refused(vkey):
    with pytest.raises(NoteError):
        NoteVerifier.from_vkey(vkey)


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\tb", "a\nb"])
def test_key_names_are_checked(name):
    with pytest.raises(NoteError, match="cannot name a key"):
        signer(0, name)


@pytest.mark.parametrize("text", ["", "no end", "a\tb\n", "a\x7f\n", "\ud800\n"])
def test_what_cannot_be_a_note_is_not_signed(text):
    with pytest.raises(NoteError):
        sign_note(text, [signer()])


def test_a_note_needs_a_signer():
    with pytest.raises(NoteError, match="at least one"):
        sign_note("text\n", [])
