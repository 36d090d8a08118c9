"""The server's own words are found in bodies of every shape."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.core.answer.error_body import error_code, error_message, is_page

NGINX = "<html>\r\n<head><title>413 Request Entity Too Large</title></head>\r\n<body>nginx</body>"
S3 = '<?xml version="1.0"?><Error><Code>AccessDenied</Code><Message>Not you</Message></Error>'


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"type": "error", "error": {"type": "api_error", "message": "Why"}}, "Why"),
        ({"message": "Budget has been exceeded"}, "Budget has been exceeded"),
        ({"Message": "Not you"}, "Not you"),
        ({"detail": "Team budget exceeded"}, "Team budget exceeded"),
        ({"detail": [{"loc": ["body", "model"], "msg": "field required", "type": "missing"}]},
         "body.model: field required"),
        ({"detail": {"error": "No such team"}}, "No such team"),
        ({"error": "in short"}, "in short"),
        ({"error": "invalid_grant", "error_description": "Gone"}, "Gone"),
        ({"errors": ["One.", "Two."]}, "One.\nTwo."),
        ({"errors": [{"message": "One."}, {"detail": "Two."}]}, "One.\nTwo."),
        ({"errors": {"model": ["is unknown"], "n": "is odd"}}, "model: is unknown\nn: is odd"),
        ({"type": "about:blank", "title": "Out of credit", "status": 403, "detail": "You owe."},
         "Out of credit: You owe."),
        ({"type": "about:blank", "title": "Forbidden", "status": 403}, "Forbidden"),
        ([{"error": {"code": 400, "message": "From a list"}}], "From a list"),
        ({"object": "error", "message": "The model does not exist.", "code": 404},
         "The model does not exist."),
        ({"error": {"code": "insufficient_quota"}}, "insufficient_quota"),
        ({"fault": {"faultstring": 7, "detail": {"reason": "quota"}}}, "quota"),
        ({"error": {"message": ""}, "message": None, "detail": "At last"}, "At last"),
        ({"odd": 1}, '{"odd": 1}'),
        ({"error": {"message": "half \ud83d"}}, "half ?"),
        ("upstream connect error", "upstream connect error"),
        ('{"message": "as text"}', "as text"),
        ('"quoted"', "quoted"),
        ('{"message": "cut', '{"message": "cut'),
        (NGINX, "413 Request Entity Too Large"),
        ("<HTML><BODY><H1>Blocked</H1>by policy</BODY></HTML>", "Blocked"),
        ("<p>Only <b>this</b></p><script>x()</script>", "Only this"),
        ("<title>Just a moment&hellip;</title>", "Just a moment…"),
        (S3, "Not you"),
        ({"fault": {"faultstring": "Quota violation", "detail": {"errorcode": "q"}}},
         "Quota violation"),
        ({"errorMessage": "Task timed out", "errorType": "Timeout"}, "Task timed out"),
        ({"httpCode": "401", "moreInformation": "Bad client id"}, "Bad client id"),
        ("<s:Fault><faultcode>c</faultcode><faultstring>No</faultstring></s:Fault>", "No"),
        ({}, ""),
        ([], ""),
        ("", ""),
        (None, ""),
    ],
)  # fmt: skip
def test_the_words_of_a_body_are_found(body, said):
    assert error_message(body) == said
    if isinstance(body, dict | list) and body:
        assert error_message(json.dumps(body)) == said


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["error", "message", "detail", "errors", "x", "loc"]), inner
            )
        ),
        max_leaves=20,
    )
)
def test_no_json_is_too_odd(body):
    assert isinstance(error_message(body), str)
    assert error_code(body) is None or 400 <= error_code(body) <= 599


@given(st.text("<>/!?&;a-z\"'= \n", max_size=60))
def test_no_page_is_too_odd(text):
    assert isinstance(error_message("<" + text), str)


def test_a_body_without_an_end_is_read_to_a_bound():
    assert len(error_message("x" * 10**7)) == 100_000
    assert error_message("[" * 100_000)
    assert error_message(
        {"error": {"error": {"error": {"error": {"error": {"error": {"error": 1}}}}}}}
    )


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"error": {"code": 402, "message": "Insufficient credits"}}, 402),
        ({"error": {"code": "429"}}, 429),
        ({"status": 503}, 503),
        ({"error": {"code": 7}, "status": True}, None),
        ({"error": {"code": "model_not_found"}}, None),
        ("402", None),
    ],
)
def test_the_status_that_a_body_names_is_read(body, code):
    assert error_code(body) == code


def test_a_page_is_told_from_words():
    assert is_page(NGINX)
    assert is_page(S3)
    assert not is_page("a < b")
    assert not is_page("< 5 tokens are left")
