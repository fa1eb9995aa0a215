import base64

import pytest

from search_app.api.compat import decode_base64
from search_app.errors import UploadRefused

DATA = bytes(range(256)) + b"\xff\xfe"


@pytest.mark.parametrize(
    "text",
    [
        base64.b64encode(DATA).decode(),
        base64.b64encode(DATA).decode().rstrip("="),
        base64.urlsafe_b64encode(DATA).decode(),
        "data:image/png;base64," + base64.b64encode(DATA).decode(),
        base64.encodebytes(DATA).decode(),
    ],
    ids=["plain", "no padding", "url-safe", "data url", "line breaks"],
)
def test_base64_is_taken_as_clients_send_it(text: str) -> None:
    assert decode_base64(text) == DATA


@pytest.mark.parametrize("text", ["not base64!", "abcde", "é"])
def test_text_that_is_no_base64_is_refused(text: str) -> None:
    with pytest.raises(UploadRefused, match="base64"):
        decode_base64(text)
