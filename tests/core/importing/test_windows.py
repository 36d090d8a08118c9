"""Commands of Windows' two command lines, cmd and PowerShell, are read as each of them would."""

from __future__ import annotations

import json
import re
import shlex
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playground.core.importing.curl import read_curl
from playground.core.importing.import_result import ImportingError
from playground.core.importing.read_any import read_request
from playground.core.importing.windows_command import windows_words

URL = "https://api.anthropic.com/v1/messages"


def body(text: str = "Hi", **fields: object) -> dict[str, object]:
    messages = [{"role": "user", "content": text}]
    return {"model": "m", "max_tokens": 9, "messages": messages, **fields}


def text_in(command: str) -> str:
    """What the user says in a command's body, which must be there in whole."""
    call = read_curl(command)
    text = call.body["messages"][0]["content"]
    assert call.body == body(text)
    return str(text)


def filled(command: str) -> list[str]:
    return [each.name for each in read_curl(command).left_out]


def copied_by_chrome(text: str) -> str:
    """Quoted as by "Copy as cURL (cmd)" of Chrome's network panel."""
    text = text.replace("\\", "\\\\").replace('"', '\\"')
    text = re.sub(r"[^a-zA-Z0-9\s_\-:=+~'/.,?;()*`]", r"^\g<0>", text)
    text = re.sub(r"%(?=[a-zA-Z0-9_])", "%^", text)
    return '^"' + re.sub(r"\r?\n", "^\n\n", text) + '^"'


def copied_long_ago(text: str) -> str:
    """Quoted as by the same of Chrome before 2017."""
    quoted = text.replace('"', '""').replace("%", '"%"').replace("\\", "\\\\")
    return f'"{quoted}"'


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20) | st.text(
    "^\"%&|<>!\\\n\r\t'`$ aZ_é", max_size=20
)


@settings(max_examples=300, deadline=None)
@given(TEXTS, st.sampled_from([None, 2]), st.booleans())
def test_what_a_browser_copies_for_cmd_is_read_exactly(text, indent, is_ascii) -> None:
    data = json.dumps(body(text), indent=indent, ensure_ascii=is_ascii)
    parts = (f"curl {copied_by_chrome(URL)}", f"-H {copied_by_chrome('a: b%c')}",
             f"--data-raw {copied_by_chrome(data)}")  # fmt: skip
    for newline in ("\n", "\r\n"):
        command = " ^\n  ".join(parts).replace("\n", newline)
        assert text_in(command) == text
        assert read_curl(command).headers == {"a": "b%c"}
        assert read_curl(command).url == URL
        assert filled(command) == []


@settings(max_examples=200, deadline=None)
@given(st.text('"%&^ aZ_é', max_size=20))
def test_what_a_browser_copied_long_ago_is_read_too(text) -> None:
    data = json.dumps(body(text), ensure_ascii=False)
    command = f"curl {copied_long_ago(URL)} ^\n --data-binary {copied_long_ago(data)}"
    assert text_in(command) == text


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('a "b c" d', ["a", "b c", "d"]),
        (r'"a \"b\" \\" c\d \\server', ['a "b" \\', r"c\d", r"\\server"]),
        ('"" "a""b" x"y"z', ["", 'a"b', "xyz"]),
        ('a^&b=1 "c&d" & del', ["a&b=1", "c&d"]),
        ("a^\n  b ^\r\n c\nd", ["a", "b", "c"]),
        ('"^a" ^^ ^"b^\n\nc^"', ["^a", "^", "b\nc"]),
        ("a > out.txt", ["a"]),
        ("a ^", ["a"]),
        (r"^\^\n \\n ^\n", [r"\n", r"\\n", r"\n"]),
    ],
)
def test_words_are_those_of_cmd_and_of_programs_on_windows(line, words) -> None:
    assert [word.text for word in windows_words(line)] == words


def test_only_what_cmd_would_fill_is_said_to_be_filled() -> None:
    data = json.dumps(body("%HOME% 100%")).replace('"', '\\"')
    assert filled(f'curl {URL} ^\n -d "{data}"') == ["%HOME%"]


BASH = [
    'match ^"a" and ^',
    "^\n^\r\n",
    "`ls` `",
    "@'\nx\n'@",
    "$env:PATH | -Body x -Method y",
    "$x = 1",
    'C:\\> curl ^"x"',
]


@pytest.mark.parametrize("program", ["curl", "curl.exe"])
@pytest.mark.parametrize("before", ["", "$resp = 1;\n\n", "$ "])
def test_a_command_that_only_a_shell_reads_is_a_shells(program, before) -> None:
    data = json.dumps(body("it's")).replace("'", "'\\''")
    for command in (
        f"{program} {URL} \\\n -H 'content-type: application/json' \\\n -d '{data}'",
        f"{program} {URL} -d '{data}' \\\n -H 'a: b'",
    ):
        found = read_request(before + command)
        assert found.request.prompt.messages[0].text == "it's"
        assert "Other URLs" not in [left.name for left in found.left_out]


@pytest.mark.parametrize("text", BASH)
def test_a_shell_command_may_speak_of_windows(text) -> None:
    plain = shlex.quote(json.dumps(body(text)))
    quoted = re.sub(r'(["\\$`])', r"\\\1", json.dumps(body(text)))
    for command in (
        f"curl {URL} \\\n -H 'a: b' -d {plain} | grep ^\"data\"",
        f'curl {URL} -d "{quoted}"',
        f"curl -d @- {URL} <<'EOF'\n{json.dumps(body(text), indent=1)}\nEOF",
        f"curl {URL} --json {plain} && curl ^\nx",
    ):
        assert text_in(command) == text


@pytest.mark.parametrize("prompt", ["C:\\Users\\me>", "c:\\> "])
def test_a_prompt_of_cmd_says_whose_command_it_is(prompt) -> None:
    data = json.dumps(body("C:\\new `x` $5 it's")).replace('"', '\\"')
    assert text_in(f'{prompt}curl {URL} -d "{data}"') == "C:\\new `x` $5 it's"


@pytest.mark.parametrize("program", ["curl", "curl.exe"])
def test_doubled_quotation_marks_are_never_a_shells(program) -> None:
    data = json.dumps(body("two words")).replace('"', '""')
    assert text_in(f'{program} {URL} -d "{data}"') == "two words"
    listed = json.dumps([body()]).replace('"', '""')
    with pytest.raises(ImportingError, match="is not a JSON object"):
        read_curl(f'{program} {URL} -d "{listed}"')


def single(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def double(text: str) -> str:
    return '"' + re.sub(r'[`"$]', r"`\g<0>", text).replace("\0", "`0") + '"'


def doubled(text: str) -> str:
    return '"' + re.sub(r"[`$]", r"`\g<0>", text).replace('"', '""') + '"'


def for_programs(text: str) -> str:
    """As Windows PowerShell needs it: it takes the quotation marks away otherwise."""
    return re.sub(r'(\\*)"', r'\1\1\\"', text)


@settings(max_examples=300, deadline=None)
@given(
    TEXTS,
    st.sampled_from([single, double, doubled]),
    st.booleans(),
    st.sampled_from(["\n", "\r\n"]),
)
def test_every_way_to_quote_in_powershell_is_read_exactly(text, quote, is_old, newline) -> None:
    data = json.dumps(body(text))
    argument = quote(for_programs(data) if is_old else data)
    command = f"curl.exe -X POST {URL} `\n  -H {quote('a: b')} `\n  -d {argument}"
    command = command.replace("`\n", f"`{newline}")
    assert text_in(command) == text
    assert read_curl(command).headers == {"a": "b"}
    assert filled(command) == []


@pytest.mark.parametrize("text", ["it's", "it''s", 'a "" b', "C:\\new", "é 😀", "100% `x` $5"])
@pytest.mark.parametrize(
    "command",
    [
        "curl.exe {url} -d 'BODY'",
        "PS C:\\Users\\me> curl.exe {url} -d 'BODY'",
        "$answer = curl.exe {url} --data-raw 'BODY'",
        "& curl.exe -s {url} -d 'BODY' | ConvertFrom-Json",
        "$body = 'BODY'\ncurl.exe {url} -H \"x-api-key: $env:KEY\" -d $body",
        "$Body = 'BODY'\r\n$url = '{url}'\r\ncurl.exe \"$url\" -d \"$body\"",
        "$body = @'\nLINES\n'@\ncurl {url} -d $body",
        "$body = @'\r\nLINES\r\n'@\r\n\r\n$body | curl.exe {url} -d '@-'",
        "@'\nLINES\n'@ | curl.exe {url} --data-binary '@-'",
        "curl {url} `\n -d @'\nLINES\n'@",
        "curl.exe {url} -d 'BODY' # said once; or 'twice'",
    ],
)
def test_powershell_is_read_as_people_write_it(command, text) -> None:
    lines = json.dumps(body(text), indent=2, ensure_ascii=False)
    data = json.dumps(body(text)).replace("'", "''")
    command = command.replace("{url}", URL).replace("BODY", data).replace("LINES", lines)
    assert text_in(command) == text
    assert read_request(command).source == "curl command"


def test_a_text_of_several_lines_in_powershell_may_name_variables() -> None:
    lines = json.dumps(body('Say "hi" to NAME, OTHER and SUM')).replace("NAME", "$name")
    lines = lines.replace("OTHER", "${Other}").replace("SUM", "$(1 + 1)")
    command = f"$name = 'Ann'\n$b = @\"\n{lines}\n\"@\ncurl.exe {URL} -d $b"
    assert text_in(command) == 'Say "hi" to Ann, ${Other} and $(1 + 1)'
    assert filled(command) == ["${Other}", "$(…)"]


REFUSED = {
    "a cmdlet": "curl -Uri https://x -Method POST -Body '{}'",
    "a cmdlet in lines": "curl https://x `\n -Method Post `\n -Body $body",
    "a cmdlet with a table": "curl https://x -Headers @{ a = 'b' } -Body '{}'",
    "a file": "curl.exe https://x -d (Get-Content body.json)",
    "a table": "$body = @{ model = 'm' } | ConvertTo-Json\ncurl.exe https://x -d $body",
    "an expression": "curl.exe https://x -d ('{' + '}')",
    "an open text": "curl.exe https://x -d 'x",
    "open lines": "curl.exe https://x `\n -d @'\nx",
    "an open variable": "$x = @'\nx\ncurl.exe https://x -d $x",
    "half a character": 'curl.exe `\n -d "`u{D800}"',
    "many open lines": "curl.exe `\n " + "@'\n" * 60_000,
    "many open variables": "$x = @'\n" * 24_000 + "curl.exe x",
    "many variables": "$x = 'y'\n" * 20_000 + "curl.exe x",
    "many prompts": ";C:\\" * 45_000 + "curl x",
    "many quotes": "curl.exe x '" + "''" * 90_000,
    "many double quotes": "curl.exe `\n " + '"`' * 90_000,
    "many quotes of cmd": 'curl ^"' + '"' * 190_000,
    "many slashes of cmd": 'curl ^"' + "\\" * 190_000,
    "many piped": "@'\n" * 60_000 + "'@ | curl.exe 'x' -d '@-'",
    "many backticks": "curl.exe x `\n" + "`" * 190_000,
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_read_is_one_sentence_after_a_bounded_time(name) -> None:
    began_s = time.process_time()
    with pytest.raises(ImportingError, match=r"^[^\n]{9,260}\.$"):
        read_request(REFUSED[name])
    assert time.process_time() - began_s < 4


def test_the_cmdlet_that_powershell_calls_curl_is_named() -> None:
    for name in ("a cmdlet", "a cmdlet in lines", "a cmdlet with a table"):
        with pytest.raises(ImportingError, match="This is PowerShell's Invoke-WebRequest"):
            read_request(REFUSED[name])
