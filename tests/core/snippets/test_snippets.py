"""A call as code: every text survives, nothing is lost, and no key is ever in it."""

import ast
import json
import re
import shlex
import shutil
import subprocess
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playground.core.answer.retry import RetryPolicy
from playground.core.request.connection import CLAUDE, DEMO, Connection
from playground.core.request.request import Message, Params, Prompt, Request
from playground.core.snippets.python_snippet import NAMED, WIDTH, literal
from playground.core.snippets.snippets import LONGEST_ARGUMENT, snippets
from playground.core.wire.wire import Wire, model_on, wire

SERVER = Connection("server", "localhost:11434", "http://localhost:11434")
FAILING = replace(DEMO, scenario="rate_limited")
CONNECTIONS = [CLAUDE, DEMO, FAILING, SERVER]
NAMES = ["claude", "demo", "failing", "server"]
NASTY = [
    'It\'s "quoted" `twice` \\ and \\n',
    "tab\t, line\nfeed, carriage\r\nreturn, NUL\0, escape\x1b[31m",
    "$(touch x) ${HOME} !! #{x} %s {0} {name} */ --> ''' \"\"\"",
    "దోస వేయడం 👩‍🍳 క్‌ష \u200c\u202eright to left\u2028and\u2029so on\ufeff\U000e0041",
    "JSON\n'EOF'\n<<< @file",
    "",
]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(-1e9, 1e9) | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)


def wire_of(*texts, **fields):
    messages = [{"content": text, "role": "user"} for text in texts]
    body = {"max_tokens": 300, "messages": messages, "model": "m", "stream": True, **fields}
    return Wire({"anthropic-version": "2023-06-01"}, body, ())


def code(name, sent, connection=CLAUDE, policy=None):
    found = snippets(sent, connection, policy or RetryPolicy())
    return next(each.code for each in found if each.name == name)


def arguments(name, source):
    """The arguments of `messages.stream` in a Python snippet, evaluated."""
    for node in ast.walk(ast.parse(source)):
        if name == "Python" and isinstance(node, ast.Assign):
            if ast.unparse(node.targets[0]) == "REQUEST":
                return ast.literal_eval(node.value)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "client.messages.stream":
            if name != "Python":
                return {each.arg: ast.literal_eval(each.value) for each in node.keywords}
    raise AssertionError("nothing is sent")


def body_and_headers(given):
    """What the SDK makes of them."""
    extra, headers = given.pop("extra_body", {}), given.pop("extra_headers")
    return {**given, "stream": True, **extra}, headers


def curl(source):
    """The body, the headers and the address of a curl command."""
    words = shlex.split(source)
    headers = dict(
        words[place + 1].split(": ", 1) for place, word in enumerate(words) if word == "--header"
    )
    [place] = [place for place, word in enumerate(words) if word == "--data"]
    assert words[place + 1 : -1] in ([], ["@-", "<<<"])
    return json.loads(words[-1]), headers, words[3]


def typescript(source):
    """The body and the headers of a TypeScript snippet, which are JSON."""
    body = source.split("const body = ")[1].split(" as unknown as Anthropic.")[0]
    headers = source.split("const headers = ")[1].split(";\n\nconst stream")[0]
    return json.loads(body), json.loads(headers)


@pytest.mark.parametrize("connection", CONNECTIONS, ids=NAMES)
@settings(deadline=None)  # A busy machine is no failure.
@given(st.lists(st.text(), max_size=3), st.dictionaries(st.sampled_from(sorted(NAMED)), JSON))
def test_any_text_survives_in_every_language(connection, texts, fields):
    sent = wire_of(*texts, **{"system": "s", "temperature": 0.2, "top_k": 5, **fields})
    mine = dict(sent.headers)
    if connection is FAILING:
        mine["demo-scenario"] = "rate_limited"
    for name in ("Python", "Python (short)"):
        given_ = arguments(name, code(name, sent, connection))
        assert body_and_headers(given_) == (sent.body, mine)
    body, headers, _ = curl(code("curl", sent, connection))
    assert body == sent.body
    assert headers.items() >= mine.items()
    assert typescript(code("TypeScript", sent, connection)) == (sent.body, mine)
    assert json.loads(code("JSON", sent, connection)) == sent.body


@settings(deadline=None)  # A busy machine is no failure.
@given(st.text(st.characters(), max_size=40), st.integers(0, 5))
def test_a_python_literal_is_the_value_even_with_lone_surrogates(text, depth):
    value = {"a": [text, {text: [text]}], "b": [[text]]}
    assert ast.literal_eval(literal(value, depth)) == value
    literal(value).encode()


@pytest.mark.parametrize("text", NASTY)
def test_nothing_unseen_is_in_a_snippet(text):
    for snippet in snippets(wire_of(text), CLAUDE, RetryPolicy()):
        assert snippet.code.replace("\n", "").isprintable()


def test_a_lone_surrogate_can_be_copied():
    sent = wire_of("half \ud83d of a pair")
    for snippet in snippets(sent, CLAUDE, RetryPolicy()):
        snippet.code.encode()
    assert json.loads(code("JSON", sent)) == sent.body


def test_what_everyone_can_read_is_left_readable():
    for snippet in snippets(wire_of("దోస, 😀, naïve"), CLAUDE, RetryPolicy()):
        assert "దోస, 😀, naïve" in snippet.code


def test_a_prompt_of_several_lines_is_written_in_several_lines():
    assert literal("one\ntwo\n", 1) == '(\n        "one\\n"\n        "two\\n"\n    )'


def values(body):
    """Each field as text: with its keys in their order."""
    return {name: json.dumps(value) for name, value in body.items()}


def test_a_schema_keeps_the_order_in_which_the_model_answers():
    names = ("zip", "content", "type", "model", "answer", "system", "role", "messages")
    schema = {
        "type": "object",
        "required": list(names),
        "properties": {name: {"description": name, "type": "string"} for name in names},
    }
    sent = wire_of(
        "Hi",
        output_config={"format": {"schema": schema, "type": "json_schema"}},
        tools=[{"input_schema": schema, "description": "d", "type": "custom", "name": "t"}],
        metadata={"user_id": "u", "model": "x"},
        made_up={"content": 1, "role": [{"type": 1, "model": 2}]},
    )
    for name in ("Python", "Python (short)"):
        body, _ = body_and_headers(arguments(name, code(name, sent)))
        assert values(body) == values(sent.body)
    for body in (curl(code("curl", sent))[0], typescript(code("TypeScript", sent))[0]):
        assert values(body) == values(sent.body)
        assert list(body)[:3] == ["model", "max_tokens", "messages"]
    assert code("JSON", sent) == json.dumps(sent.body, indent=2)


def test_the_json_is_the_body_in_the_order_sent():
    sent = wire_of("Hi", system="s")
    assert list(json.loads(code("JSON", sent))) == list(sent.body)


def test_a_long_prompt_does_not_become_an_argument_that_no_program_takes():
    short, long = (code("curl", wire_of("x" * size)) for size in (9, LONGEST_ARGUMENT))
    assert "--data '{" in short
    assert "--data @- <<< '{" in long


def test_the_short_one_is_about_ten_lines():
    request = Request(
        Prompt("Be terse.", (Message("user", "Give me three tips for crisp dosa."),)),
        Params("claude-sonnet-4-6", 300, temperature=0.2),
    )
    model = model_on(CLAUDE, request.params.model)
    source = code("Python (short)", wire(request, model, CLAUDE))
    assert (
        source
        == """\
import anthropic

# The key is read from the environment: ANTHROPIC_API_KEY.
client = anthropic.Anthropic()
with client.messages.stream(
    model="claude-sonnet-4-6",
    max_tokens=300,
    system="Be terse.",
    messages=[{"role": "user", "content": "Give me three tips for crisp dosa."}],
    extra_headers={"anthropic-version": "2023-06-01"},
    extra_body={"temperature": 0.2},
) as stream:
    for text in stream.text_stream:
        print(text, end="", flush=True)
"""
    )


def test_the_policy_of_the_page_is_the_policy_of_the_code():
    source = code("Python", wire_of("Hi"), policy=RetryPolicy(6, 0.5, 90.0))
    assert "ATTEMPTS, BASE_WAIT_S, DEADLINE_S = 6, 0.5, 90.0\n" in source
    assert "max_retries=0" in source


def test_the_claude_api_gets_the_readers_own_key_from_the_environment():
    _, headers, url = curl(code("curl", wire_of("Hi")))
    assert url == "https://api.anthropic.com/v1/messages"
    assert headers["authorization"] == "Bearer $ANTHROPIC_API_KEY"
    for name in ("Python", "Python (short)", "TypeScript"):
        source = code(name, wire_of("Hi"))
        assert "ANTHROPIC_API_KEY" in source
        assert "api_key" not in source.lower().replace("anthropic_api_key", "")


def test_another_server_gets_its_address_and_both_auth_headers():
    _, headers, url = curl(code("curl", wire_of("Hi"), SERVER))
    assert url == "http://localhost:11434/v1/messages"
    assert headers["authorization"] == "Bearer ${ANTHROPIC_API_KEY:-none}"
    assert headers["x-api-key"] == "${ANTHROPIC_API_KEY:-none}"
    for name in ("Python", "Python (short)", "TypeScript"):
        source = code(name, wire_of("Hi"), SERVER)
        assert '"http://localhost:11434"' in source
        assert '"x-api-key": key' in source


def test_the_demo_says_that_it_is_one_and_how_to_start_it():
    *calls, body = snippets(wire_of("Hi"), DEMO, RetryPolicy())
    for snippet in calls:
        assert "python -m playground.claude.demo" in snippet.needs
        assert "http://127.0.0.1:8901" in snippet.code
        assert "demo-scenario" not in snippet.code
    assert "127.0.0.1" not in body.code
    assert "`https://api.anthropic.com` and your own key" in calls[2].needs


@pytest.mark.parametrize("connection", CONNECTIONS, ids=NAMES)
@pytest.mark.parametrize("name", ["Python", "Python (short)"])
@pytest.mark.parametrize("fields", [{}, {"stream": False}, {"max_tokens": 0, "stream": None}])
def test_the_python_is_formatted_and_free_of_lint(name, connection, fields):
    ruff = pytest.importorskip("ruff", reason="pip install ruff").find_ruff_bin()
    sent = wire_of("Hi", "Why?", system="Be terse.", temperature=0.2, **fields)
    source = code(name, sent, connection)
    for command in (["format", "--diff"], ["check", "--select", "E,F,I,B"]):
        done = subprocess.run(
            [ruff, *command, "--isolated", "--line-length", str(WIDTH), "-"],
            input=source,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr


STUB = """\
export default class Anthropic {
  constructor(options = {}) { this.options = options; }
  messages = {
    create: async (body, { headers, timeout }) => {
      console.error(JSON.stringify({ body, headers, timeout, options: this.options }));
      const delta = { type: "text_delta", text: "streamed" };
      if (body.stream === false) return { content: [{ type: "text", text: "whole" }] };
      return [{ type: "message_start" }, { type: "content_block_delta", delta }];
    },
  };
}
"""


NEEDS_NODE = pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")


def run_as_javascript(source, folder):
    """What a TypeScript snippet prints, and with what it calls the SDK."""
    sdk = folder / "node_modules/@anthropic-ai/sdk"
    sdk.mkdir(parents=True)
    (sdk / "package.json").write_text('{"name": "@anthropic-ai/sdk", "main": "index.mjs"}')
    (sdk / "index.mjs").write_text(STUB)
    # The only thing in it that is not JavaScript.
    source = re.sub(r" as unknown as Anthropic\.MessageCreateParams(Non)?Streaming", "", source)
    (folder / "call.mjs").write_text(source, "utf-8")
    done = subprocess.run(
        ["node", "call.mjs"], cwd=folder, capture_output=True, check=True, encoding="utf-8"
    )
    return done.stdout, json.loads(done.stderr)


@NEEDS_NODE
@pytest.mark.parametrize("connection", CONNECTIONS, ids=NAMES)
def test_javascript_reads_the_typescript_as_it_was_meant(connection, tmp_path):
    sent = wire_of(*NASTY, temperature=0.2)
    printed, called = run_as_javascript(code("TypeScript", sent, connection), tmp_path)
    assert printed == "streamed"
    assert called["body"] == sent.body
    assert called["headers"]["anthropic-version"] == "2023-06-01"


@NEEDS_NODE
def test_javascript_sends_every_name_also_that_of_its_prototype(tmp_path):
    inner = {"zip": 1, "__proto__": {"__proto__": [{"__proto__": None}]}, "constructor": 2}
    sent = wire_of('\n  "__proto__": 1', __proto__=3, made_up=inner, stream=False)
    source = code("TypeScript", sent)
    printed, called = run_as_javascript(source, tmp_path)
    assert printed == "whole\n"
    assert called["timeout"] == 3_600_000
    assert called["body"] == sent.body
    assert values(called["body"]) == values(sent.body)
    assert "// JavaScript" not in source


ALTERED = [0.0, -0.0, 1.0, -5.0, 2**53 + 1, -(2**60), 1e16, 1e20, 10**21, 10**400, 2**70 + 1]
EXACT = [0, 1, -1, 0.1, -0.5, 1e-7, 1.5e300, 2**53, 1e21, 1e22, 5e-324, 1.7976931348623157e308]


@NEEDS_NODE
@pytest.mark.parametrize(
    ("number", "is_altered"), [*((n, True) for n in ALTERED), *((n, False) for n in EXACT)]
)
def test_a_number_that_javascript_would_alter_is_named(number, is_altered, tmp_path):
    source = code("TypeScript", wire_of("Hi", made_up=[{"a": number}]))
    _, called = run_as_javascript(source, tmp_path)
    got, note = called["body"]["made_up"][0]["a"], "// JavaScript sends some numbers in its own way"
    assert (repr(got) != repr(number)) == (note in source) == is_altered
    if note in source:
        assert f" as {json.dumps(got) if got is None or abs(got) < 1e21 else repr(got)}." in source


def test_what_the_sdk_takes_out_of_the_body_is_named():
    note = "// The SDK sends these as headers, not in the body: user_profile_id, workspace_id.\n"
    assert note in code("TypeScript", wire_of("Hi", user_profile_id="u", workspace_id="w"))


NO_LISTS = [True, -1, 1.5, {}, {"a": None}]
LISTS = [None, False, 0, "", "x", [], [{"role": "user", "content": "Hi"}]]


@pytest.mark.parametrize("name", ["messages", "tools"])
def test_what_the_sdk_of_javascript_goes_through_and_cannot_is_named(name):
    note = f"// The SDK refuses to send what is no list of objects here: {name}.\n"
    assert all(note in code("TypeScript", wire_of("Hi", **{name: value})) for value in NO_LISTS)
    assert not any(note in code("TypeScript", wire_of("Hi", **{name: value})) for value in LISTS)
    assert (note in code("TypeScript", wire_of("Hi", **{name: [None]}))) == (name == "messages")


def test_typescript_compiles_with_a_tool_that_the_sdk_has_no_type_for():
    # Cast at once, it refuses whatever is too unlike the type, a newer tool of the API's too.
    source = code("TypeScript", wire_of("Hi", tools=[{"type": "code_execution_2099", "name": "c"}]))
    assert "} as unknown as Anthropic.MessageCreateParamsStreaming;" in source


@pytest.mark.parametrize("path", ["/a[1-3]", "/{x,y}", ""])
def test_curl_asks_once_whatever_brackets_are_in_the_address(path):
    source = code("curl", wire_of("Hi"), replace(SERVER, base_url=f"http://localhost:11434{path}"))
    assert ("curl --no-buffer --fail-with-body --globoff '" in source) == bool(path)
    assert f"http://localhost:11434{path}/v1/messages" in source


def test_only_a_few_of_many_altered_numbers_are_named():
    source = code("TypeScript", wire_of("Hi", made_up=[float(n) for n in range(2_000)]))
    assert "// JavaScript sends some numbers in its own way: 0.0 as 0, 1.0 as 1, " in source
    assert "4.0 as 4, ….\n" in source


@NEEDS_NODE
@pytest.mark.parametrize("names", [["b", "1"], ["10", "2"], ["4294967294", "01"], ["1", "2", "a"],
                                   ["a", "4294967295", "01", "-1", "1.5"]])  # fmt: skip
def test_names_that_javascript_would_move_are_named(names, tmp_path):
    sent = wire_of("Hi", tools=[{"input_schema": {name: True for name in names}}])
    source = code("TypeScript", sent)
    _, called = run_as_javascript(source, tmp_path)
    is_moved = values(called["body"]) != values(sent.body)
    assert is_moved == ("// JavaScript puts names that are numbers first: " in source)
    assert is_moved == (names in (["b", "1"], ["10", "2"]))
