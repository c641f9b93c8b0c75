"""The key file: made once, tight, and refused with advice when it is not as it should be."""

import os
import subprocess

import pytest

from returnbench.sync.keys import KeyFileError, load_or_create_signer, load_signer
from returnbench.sync.note import NoteVerifier, open_note, sign_note

ORIGIN = "returns.example/bench/07"


@pytest.fixture
def key_file(tmp_path):
    return tmp_path / "keys" / "log.key"


def test_a_key_is_made_once_and_found_again(key_file):
    made = load_or_create_signer(key_file, ORIGIN)
    again = load_or_create_signer(key_file, ORIGIN)
    assert again.vkey == made.vkey == load_signer(key_file, ORIGIN).vkey
    assert key_file.stat().st_mode & 0o777 == 0o600
    assert key_file.parent.stat().st_mode & 0o777 == 0o700
    assert os.listdir(key_file.parent) == ["log.key"]
    note = sign_note("text\n", [made])
    assert open_note(note, [NoteVerifier.from_vkey(again.vkey)]).verified == (ORIGIN,)


def test_two_stations_have_different_keys(tmp_path):
    one = load_or_create_signer(tmp_path / "1", ORIGIN)
    other = load_or_create_signer(tmp_path / "2", ORIGIN)
    assert one.vkey != other.vkey


@pytest.mark.needs("openssl")
def test_openssl_reads_the_key(key_file):
    signer = load_or_create_signer(key_file, ORIGIN)
    command = ["openssl", "pkey", "-in", key_file, "-pubout", "-outform", "DER"]
    public = subprocess.run(command, capture_output=True, check=True, timeout=30).stdout
    # The raw key is the end of its SubjectPublicKeyInfo (RFC 8410).
    assert public[-32:] == NoteVerifier.from_vkey(signer.vkey).public


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_a_key_that_others_may_read_is_refused(key_file, mode):
    load_or_create_signer(key_file, ORIGIN)
    key_file.chmod(mode)
    with pytest.raises(KeyFileError, match=f"chmod 600 {key_file}"):
        load_or_create_signer(key_file, ORIGIN)


@pytest.mark.parametrize("content", [b"", b"no key", b"-----BEGIN PRIVATE KEY-----\nAAAA\n"])
def test_a_damaged_key_is_refused_and_kept(key_file, content):
    load_or_create_signer(key_file, ORIGIN)
    key_file.write_bytes(content)
    with pytest.raises(KeyFileError, match="damaged"):
        load_or_create_signer(key_file, ORIGIN)
    assert key_file.read_bytes() == content


@pytest.mark.needs("openssl")
def test_another_kind_of_key_is_refused(key_file):
    load_or_create_signer(key_file, ORIGIN)
    command = ["openssl", "genpkey", "-algorithm", "X25519"]
    key_file.write_bytes(
        subprocess.run(command, capture_output=True, check=True, timeout=30).stdout
    )
    with pytest.raises(KeyFileError, match="another kind"):
        load_signer(key_file, ORIGIN)


def test_loading_makes_no_key(key_file):
    with pytest.raises(KeyFileError, match="missing"):
        load_signer(key_file, ORIGIN)
    assert not key_file.exists()


def test_a_folder_in_place_of_the_key_is_an_error(key_file):
    key_file.mkdir(parents=True)
    with pytest.raises(KeyFileError, match="cannot be read"):
        load_or_create_signer(key_file, ORIGIN)
