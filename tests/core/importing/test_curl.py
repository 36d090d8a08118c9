"""A curl command is read as a shell would split it; what it adds to the request is listed."""

from __future__ import annotations

import json
import shlex
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playground.core.importing.import_result import Imported, ImportingError
from playground.core.importing.read_any import read_request
from playground.core.importing.shell_words import command
from playground.core.request.request import Message

BODY = '{"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "Hi"}]}'
ASK = f"curl https://api.anthropic.com/v1/messages -d '{BODY}'"


def said(found: Imported) -> str:
    return found.request.prompt.messages[0].text


def names(found: Imported) -> list[str]:
    return [each.name for each in found.left_out if each.name != "stream"]


LISTED = {
    "-u": (f"{ASK} -u me:secret", ["-u"]),
    "--user": (f"{ASK} --user me:secret", ["--user"]),
    "a cookie": (f"{ASK} -b a=b", ["-b"]),
    "count_tokens": (ASK.replace("messages", "messages/count_tokens", 1), ["URL"]),
    "a query": (ASK.replace("messages", "messages?beta=true", 1), ["URL: ?beta=true"]),
    "two URLs": (f"{ASK} https://example.com", ["Other URLs"]),
    "an unknown option": (f"{ASK} --flags", ["--flags"]),
    "a beta header": (f'{ASK} -H "anthropic-beta: $BETA"', ["Header anthropic-beta"]),
    "headers of a file": (f"{ASK} -H @headers.txt", ["Header @headers.txt"]),
    "a variable": (f'curl x -d "{BODY}"'.replace('"Hi"', '$SAID"').replace('"', '\\"'), None),
    "$5 in a heredoc": (f"curl x -d @- <<E\n{BODY.replace('Hi', 'Pay $5')}\nE", ["$5"]),
    "ticks in a heredoc": (f"curl x -d @- <<E\n{BODY.replace('Hi', '`date`')}\nE", ["`…`", "`…`"]),
    "a command in a heredoc": (f"curl x -d @- <<E\n{BODY.replace('Hi', '$(date)')}\nE", ["$(…)"]),
    "keys": (f"{ASK} -H 'x-api-key: $KEY' -H \"Authorization: Bearer $KEY\"", []),
    "what is about the transfer": (
        f"{ASK} -sSNv --max-time 5 -o out.json --compressed -w '%{{}}'",
        [],
    ),
    "sudo": (f"sudo {ASK}", []),
    "a prompt": (f"$ {ASK}", []),
    "prose": (f"Don't forget:\n\n{ASK}", []),
    "another command": (f"{ASK}\n\n# And then\n$ {ASK}\n{ASK}", ["Other commands"]),
    "words about it": (f"{ASK}\n\ncurl is a program, and; curl -s x\n", []),
    "a loop": (f"for i in 1 2; do {ASK}; done", []),
}


@pytest.mark.parametrize("name", LISTED)
def test_what_is_not_in_the_body_is_listed(name: str) -> None:
    text, listed = LISTED[name]
    if listed is None:
        with pytest.raises(ImportingError):
            read_request(text)
        return
    found = read_request(text)
    assert (found.request.params.model, found.request.params.max_tokens) == ("m", 9)
    assert sorted(set(names(found))) == sorted(set(listed))
    assert "secret" not in repr(found)


REFUSED = {
    "-G": f"{ASK} -G",
    "--get": f"{ASK} --get",
    "-X GET": f"{ASK} -X GET",
    "-XPUT": f"{ASK} -XPUT",
    "-sXDELETE": f"{ASK} -sXDELETE",
    "-I": f"{ASK} -I",
    "a form": "curl x -F a=b",
    "options in a file": f"{ASK} -K options",
    "a file": "curl x -d @body.json",
    "no heredoc": "curl x -d @-",
    "a command for its data": "curl x -d $(cat body.json)",
    "a variable for its data": 'curl x -d "$BODY"',
    "a name twice": "curl x -d '" + BODY.replace("{", '{"model": "n", ', 1) + "'",
    "no number": "curl x -d '" + BODY.replace("9", "NaN") + "'",
    "a long number": "curl x -d '" + BODY.replace("9", "9" * 4_000) + "'",
    "a number beyond all": "curl x -d '" + BODY.replace("9", "1e999") + "'",
    "bytes": "curl x -d $'\\xc3\\xa9'",
    "an open quote": "curl x -d $'{}",
    "many heredocs on a line": "curl x -d @- " + "<<A" * 60_000,
    "many heredocs": "curl x -d @- " + "<<A\n" * 45_000,
    "many waiting heredocs": "curl x -d @- " + "<<A " * 45_000 + "\nB" * 9,
    "many commands": "curl x " + "$()" * 60_000,
    "many open commands": "curl x " + "$(" * 90_000,
    "many quotes": "curl x " + "\"'" * 90_000,
    "many assignments": "a=b;" * 45_000 + "curl x",
    "many words before": "a=b " * 45_000 + "curl x",
    "many times": ";time " * 30_000 + "curl x",
    "many spaces": "curl" + " " * 190_000,
    "many lines of spaces": ("\n" + " " * 400) * 400 + "curl x",
    "many carets": "curl " + "^\n" * 90_000,
    "many backslashes": "curl ^\n " + "\\" * 190_000,
    "many options": "curl x -" + "s" * 190_000,
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_request_is_one_sentence_after_a_bounded_time(name: str) -> None:
    began_s = time.process_time()
    with pytest.raises(ImportingError, match=r"^[^\n]{9,200}\.$"):
        read_request(REFUSED[name])
    assert time.process_time() - began_s < 4


@pytest.mark.parametrize("first", ['-d \'{"model": "m",\'', '--json \'{"model": "m",\''])
def test_pieces_of_json_are_joined_as_curl_joins_them(first: str) -> None:
    rest = BODY.partition(",")[2]
    assert said(read_request(f"curl https://x {first} --json '{rest}'")) == "Hi"
    with pytest.raises(ImportingError, match="several pieces"):
        read_request(f"curl https://x {first} -d '{rest}'")


def test_an_at_that_data_raw_sends_as_it_is_names_no_file() -> None:
    sentence = "Its body is the text @body.json itself: --data-raw reads no file."
    with pytest.raises(ImportingError, match=f"^{sentence}$"):
        read_request("curl https://x --data-raw @body.json")


@pytest.mark.parametrize(
    "cell",
    [
        f"%%bash\n{ASK}",
        f"%%sh\nset -e\n{ASK}",
        f"%%script bash --no-raise-error\n{ASK}",
        f"!{ASK}",
        f"import os\n!pip install x\nif os.name:\n    !{ASK}",
        f"answer = !{ASK}",
        "!" + ASK.replace(" -d", " \\\n  -d"),
        "!" + ASK.replace('{"model"', '{ \\\n "model"'),
    ],
)
def test_curl_in_a_cell_of_a_notebook_is_read(cell: str) -> None:
    cells = [{"cell_type": "code", "source": source} for source in ("x = 1", cell)]
    file = {"cells": cells, "metadata": {}, "nbformat": 4}
    found = read_request(json.dumps(file))
    assert (found.source, said(found), names(found)) == ("Notebook", "Hi", [])
    ask = 'client.messages.create(model="m", max_tokens=9, messages=[])'
    file["cells"] = [*cells, {"cell_type": "code", "source": ask}]
    found = read_request(json.dumps(file))
    assert (found.request.prompt.messages, names(found)) == ((), ["curl command"])


@pytest.mark.parametrize("cell", [f"!{ASK}", f"%%bash\n{ASK}"])
def test_a_notebooks_command_is_read_without_its_notebook(cell: str) -> None:
    found = read_request(cell)
    assert (found.source, said(found), names(found)) == ("curl command", "Hi", [])


@pytest.mark.parametrize("data", ['"$BODY"', "$(cat body.json)", '"$(jq -n "{}")"', "`cat x`"])
def test_a_body_that_only_a_shell_knows_is_named(data: str) -> None:
    with pytest.raises(ImportingError, match=r"^Its body is .*\. Paste the JSON itself\.$"):
        read_request(f"curl https://x -d {data}")


def test_calls_and_results_of_tools_are_taken() -> None:
    call = '{"type": "tool_use", "id": "t", "name": "n", "input": {"city": "Pune"}}'
    result = '{"type": "tool_result", "tool_use_id": "t", "content": "9 °C"}'
    more = (
        f'{{"role": "assistant", "content": [{call}]}}, {{"role": "user", "content": [{result}]}}'
    )
    found = read_request(ASK.replace('"Hi"}]', f'"Hi"}}, {more}]'))
    assert names(found) == []
    assert found.request.prompt.messages[1:] == (
        Message("assistant", "", f"[{call}]"),
        Message("user", "9 °C", result_of="t"),
    )


def test_a_command_of_windows_is_read_as_cmd_splits_it() -> None:
    body = BODY.replace("Hi", "a\\n%NAME% b").replace('"', '\\"')
    command = (
        f'curl https://api.anthropic.com/v1/messages ^\r\n  -H "x: y" ^\r\n  -d "{body}" | more'
    )
    found = read_request(command)
    assert said(found) == "a\n%NAME% b"
    assert names(found) == ["%NAME%", "Header x"]


def test_a_command_copied_from_a_browser_on_windows_is_read() -> None:
    quoted = BODY.replace("Hi", "Say & do").replace('"', '^\\^"').replace("&", "^&")
    found = read_request(
        f'curl ^"https://api.anthropic.com/v1/messages^" ^\n -H ^"a: b^" --data-raw ^"{quoted}^"'
    )
    assert said(found) == "Say & do"
    assert names(found) == ["Header a"]


@settings(max_examples=300, deadline=None)
@given(st.text("ab \t'\"\\", max_size=14))
def test_words_are_split_as_by_the_standard_library(text: str) -> None:
    try:
        expected = shlex.split(f"{text} end")
    except ValueError:
        with pytest.raises(ImportingError):
            command(f"curl {text} end", "curl")
        return
    found = command(f"curl {text} end", "curl")
    assert found is not None
    assert [each.text for each in found.words] == expected


def test_python_that_speaks_of_curl_is_python() -> None:
    text = f'"""\ncurl https://x -d \'{{}}\'\n"""\nclient.messages.create(**{BODY})'
    assert read_request(text).source == "Python call"


@pytest.mark.parametrize(
    "before",
    [
        "/usr/bin/",
        "./",
        "~/bin/",
        "timeout 30 ",
        "nohup ",
        "ada@box:~$ ",
        "ada@box:~/app# ",
        "ada@box ~ % ",
        "ada@box:~$ /opt/curl/bin/",
    ],
)
def test_curl_is_found_wherever_it_lies_and_whoever_starts_it(before: str) -> None:
    found = read_request(f"{before}curl https://api.anthropic.com/v1/messages -d '{BODY}'")
    assert (found.source, found.request.params.max_tokens) == ("curl command", 9)


def test_a_body_that_is_piped_into_curl_is_no_file() -> None:
    with pytest.raises(ImportingError, match="piped into it"):
        read_request("jq . a.json | curl https://api.anthropic.com/v1/messages -d @-")


def test_a_curl_command_that_is_too_long_is_called_too_long() -> None:
    text = f"curl https://api.anthropic.com/v1/messages -d '{BODY}'" + " " * 200_000
    with pytest.raises(ImportingError, match="longer than 200,000 characters"):
        read_request(text)


def test_quotes_of_bash_that_a_browser_writes_are_no_carets_of_cmd() -> None:
    body = BODY.replace("Hi", r"\'\'^")
    found = read_request(f"curl 'https://api.anthropic.com/v1/messages' --data-raw $'{body}' ;")
    assert said(found) == "''^"
