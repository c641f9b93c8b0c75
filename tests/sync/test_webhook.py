import base64
from datetime import UTC, datetime, timedelta, timezone

import pytest
import standardwebhooks
from hypothesis import given
from hypothesis import strategies as st

from returnbench.sync.webhook import (
    WebhookError,
    decode_secret,
    encode_secret,
    sign,
    signed_headers,
    verify,
)

SECRET = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
MESSAGE = "msg_01K5TESTVECTOR0000000000"
BODY = b'{"type":"verdict.released","timestamp":"2026-09-21T13:33:20Z","data":{"id":"v1"}}'
SIGNATURE = "v1,spqrboz51Z/DX85ulS2jXIlAZ58OTfQj9q4aUuo978Y="
AT = datetime.fromtimestamp(1_790_000_000, UTC)


def test_known_signature():
    assert sign(SECRET, MESSAGE, 1_790_000_000, BODY) == SIGNATURE
    assert encode_secret(bytes(range(32))) == SECRET


def test_time_in_another_zone_is_the_same_instant():
    elsewhere = AT.astimezone(timezone(timedelta(hours=8)))
    assert signed_headers(SECRET, MESSAGE, elsewhere, BODY)["webhook-signature"] == SIGNATURE
    with pytest.raises(WebhookError, match="zone"):
        signed_headers(SECRET, MESSAGE, AT.replace(tzinfo=None), BODY)


@given(body=st.text(max_size=300), key=st.binary(min_size=24, max_size=64))
def test_the_reference_library_accepts_what_we_sign(body, key):
    secret = encode_secret(key)
    headers = signed_headers(secret, MESSAGE, datetime.now(UTC), body.encode())
    standardwebhooks.Webhook(secret).verify(body, headers, json_parse=False)


@given(body=st.text(max_size=300), key=st.binary(min_size=24, max_size=64))
def test_we_accept_what_the_reference_library_signs(body, key):
    secret = encode_secret(key)
    now = datetime.now(UTC)
    headers = {
        "webhook-id": MESSAGE,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": standardwebhooks.Webhook(secret).sign(MESSAGE, now, body),
    }
    assert verify(secret, headers, body.encode()) == MESSAGE


def test_one_fitting_signature_of_several_is_enough():
    headers = signed_headers(SECRET, MESSAGE, AT, BODY)
    headers["webhook-signature"] = f"v1a,xx v1,AAAA {headers['webhook-signature']}"
    assert verify(SECRET, headers, BODY, AT) == MESSAGE


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"webhook-signature": "garbage"}, "no signature"),
        ({"webhook-signature": "v1,a,b é"}, "no signature"),
        ({"webhook-signature": ""}, "no signature"),
        ({"webhook-id": "msg_other"}, "no signature"),
        ({"webhook-timestamp": "1790000001"}, "no signature"),
        ({"webhook-timestamp": "1789999000"}, "off this clock"),
        ({"webhook-timestamp": "1790001000"}, "off this clock"),
        ({"webhook-timestamp": "-1"}, "whole number"),
        ({"webhook-timestamp": "9" * 400}, "whole number"),
        ({"webhook-timestamp": "\u0661\u0667"}, "whole number"),
    ],
)
def test_refused(change, said):
    headers = signed_headers(SECRET, MESSAGE, AT, BODY) | change
    with pytest.raises(WebhookError, match=said):
        verify(SECRET, headers, BODY, AT)


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_missing_header_is_named(name):
    headers = signed_headers(SECRET, MESSAGE, AT, BODY)
    del headers[name]
    with pytest.raises(WebhookError, match=name):
        verify(SECRET, headers, BODY, AT)


@given(st.binary(min_size=1, max_size=200), st.data())
def test_any_changed_byte_is_noticed(body, data):
    headers = signed_headers(SECRET, MESSAGE, AT, body)
    at = data.draw(st.integers(0, len(body) - 1))
    changed = bytearray(body)
    changed[at] ^= data.draw(st.integers(1, 255))
    with pytest.raises(WebhookError):
        verify(SECRET, headers, bytes(changed), AT)


@pytest.mark.parametrize(
    "secret",
    [
        "",
        "AAECAwQF",
        "whsec_",
        "whsec_***",
        "whsec_" + base64.b64encode(bytes(23)).decode(),
        "whsec_" + base64.b64encode(bytes(65)).decode(),
    ],
)
def test_bad_secret(secret):
    with pytest.raises(WebhookError):
        decode_secret(secret)
