"""A browser's token, and the name that the log knows its visitor by."""

import secrets

import pytest

from playground.core.visitors.access import TOKEN_BYTES, is_token, visitor_of

TOKEN = "a" * 43


def test_what_the_app_hands_out_is_a_token():
    assert all(is_token(secrets.token_urlsafe(TOKEN_BYTES)) for _ in range(100))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "local",
        TOKEN[1:],
        TOKEN + "a",
        TOKEN + "\n",
        TOKEN[1:] + "é",
        TOKEN[1:] + "٣",
        999 * TOKEN,
    ],
    ids=["empty", "local", "short", "long", "newline", "letter", "digit", "huge"],
)
def test_anything_of_another_shape_is_not(text):
    assert not is_token(text)


def test_a_name_does_not_tell_the_token_and_differs_by_what_is_held():
    names = [visitor_of("browser", TOKEN), visitor_of("page", TOKEN), visitor_of("browser" + TOKEN)]
    assert len(set(names)) == 3
    assert all(TOKEN not in name and name.startswith("visitor-") for name in names)
    assert visitor_of("browser", TOKEN) == names[0]
