"""What Python source sends is told without running it; what cannot be told is listed."""

from __future__ import annotations

import json
import time
import tracemalloc

import pytest

from playground.core.importing.import_result import Imported, ImportingError
from playground.core.importing.read_any import read_request
from playground.core.request.connection import CLAUDE
from playground.core.request.template import variables
from playground.core.wire.wire import model_on, wire

HI = '{"role": "user", "content": "Hi"}'
CALL = f"client.messages.create(model=model, max_tokens=9, messages=[{HI}])"
ASKED = 'client.messages.create(model="m", max_tokens=9, messages=messages)'
ASKED_HI = f'client.messages.create(model="m", max_tokens=9, messages=[{HI}])'
BYE = '{"role": "user", "content": "Bye"}'


POSTED = """import json
import requests
headers = {"x-api-key": key, "anthropic-version": "2023-06-01", "Content-Type": "application/json"}
"""


def posted(call: str) -> str:
    """The source of a POST, with the address and a body in it."""
    body = f'{{"model": "m", "max_tokens": 3, "messages": [{HI}]}}'
    return call.replace("URL", "'https://api.anthropic.com/v1/messages'").replace("BODY", body)


def texts(found: Imported) -> list[str]:
    return [each.text for each in found.request.prompt.messages]


def names(found: Imported) -> list[str]:
    return [each.name for each in found.left_out if each.name != "stream"]


STALE = {
    "a tuple": 'model = "old"\nmodel, x = pick()',
    "a chain": 'model = "old"\nx = model = pick()',
    "with": 'model = "old"\nwith pick() as model:\n    pass',
    "a walrus": 'model = "old"\nprint(model := pick())',
    "an import": 'model = "old"\nfrom settings import model',
    "another name in an import": 'model = "old"\nimport settings as model',
    "a star import": 'model = "old"\nfrom settings import *',
    "a loop's target": 'model = "old"\nfor model in models:\n    pass',
    "a loop's body": 'model = "old"\nfor each in models:\n    model = each',
    "a comprehension": 'model = "old"\nprint([(model := x) for x in y])',
    "del": 'model = "old"\ndel model',
    "an except": 'model = "old"\ntry:\n    pass\nexcept E as model:\n    pass',
    "a try": 'model = "old"\ntry:\n    model = "new"\nexcept E:\n    pass',
    "a condition": 'model = "old"\nif x:\n    model = "new"',
    "a while": 'model = "old"\nwhile x:\n    model = "new"',
    "a match": 'model = "old"\nmatch x:\n    case {"model": model}:\n        pass',
    "a function that says global": (
        'model = "old"\ndef choose():\n    global model\n    model = "new"\nchoose()'
    ),
    "a function's own name": 'model = "old"\ndef model():\n    pass',
    "a class": 'model = "old"\nclass model:\n    pass',
    "exec": 'model = "old"\nexec("model = 1")',
    "globals": 'model = "old"\nglobals()["model"] = "new"',
    "another key": 'models = {"a": "old"}\nmodels[x] = "new"\nmodel = models["a"]',
    "a choice": 'model = "old" if x else "new"',
    "the environment": 'model = os.environ.get("MODEL", "old")',
    "an attribute": "model = config.model",
    "a suppressed error": 'model = "old"\nwith suppress(E):\n    model = "new"',
}


@pytest.mark.parametrize("name", STALE)
def test_a_value_that_may_have_changed_is_listed_and_not_used(name: str) -> None:
    found = read_request(f"{STALE[name]}\n{CALL}")
    assert found.request.params.model == ""
    assert "model" in names(found)


KNOWN = {
    "a local of a function": 'model = "good"\ndef f():\n    model = "bad"\nf()',
    "joining": 'model = "".join(["go", "od"])',
    "a sum": 'x = "go"\nmodel = x + "od"',
    "an f-string": 'x = "od"\nmodel = f"go{x}"',
    "a name of before": 'x = "good"\nmodel = x\nx = "bad"',
    "a name bound again": 'model = "bad"\nmodel = "good"',
    "a function that changes a text": 'model = "good"\ndef f():\n    print(model.upper())\nf()',
}
NOT_FOLLOWED = {
    "a tuple": 'x, model = 1, "good"',
    "a key": 'models = {"a": "bad"}\nmodels["a"] = "good"\nmodel = models["a"]',
    "a method": 'model = " good\\n".strip()',
    "a function of Python's": 'from textwrap import dedent\nmodel = dedent("  good")',
    "a text that grows": 'model = "go"\nmodel += "od"',
    "a default": 'model = "bad"\ndef ask(model="good"):\n    CALL',
    "a name bound below a function": 'def ask():\n    CALL\nmodel = "good"',
    "a chain": 'model = x = pick() or "good"',
    "a walrus": 'print(model := "good")',
    "a condition": 'if 1 == 1:\n    model = "good"\nelse:\n    model = "bad"',
    "percent": 'model = "%sod" % "go"',
    "format": 'model = "{}{x}".format("go", x="od")',
    "or": 'model = None or "good"',
    "an alias": 'a = {"a": "bad"}\nb = a\nb["a"] = "good"\nmodel = a["a"]',
    "a copy": 'a = {"a": "good"}\nb = a.copy()\nb["a"] = "bad"\nmodel = a["a"]',
    "an index": 'models = ["bad", "good"]\nmodel = models[-1]',
    "an alias with +=": 'a = ["x"]\nb = a\nb += ["y"]\nmodel = a[0]',
}


@pytest.mark.parametrize("name", NOT_FOLLOWED)
def test_what_is_not_a_straight_line_is_listed(name: str) -> None:
    source = NOT_FOLLOWED[name]
    source = source.replace("CALL", CALL) if "CALL" in source else f"{source}\n{CALL}"
    found = read_request(source)
    assert found.request.params.model == ""
    why = next(part.why for part in found.left_out if part.name == "model")
    assert "known only when the code runs" in why


@pytest.mark.parametrize("name", KNOWN)
def test_a_value_that_is_certain_is_used(name: str) -> None:
    found = read_request(f"{KNOWN[name]}\n{CALL}")
    assert (found.request.params.model, names(found)) == ("good", [])


MESSAGES = {
    "an alias": f"messages = [{HI}]\nsame = messages\nsame.append({BYE})",
    "append": f"messages = [{HI}]\nmessages.append({BYE})",
    "+": f"messages = [{HI}] + [{BYE}]",
    "a star": f"more = [{BYE}]\nmessages = [{HI}, *more]",
    "a key": 'm = {"role": "user"}\nm["content"] = "Hi"\nmessages = [m, ' + BYE + "]",
    "dict": f'messages = [dict(role="user", content="Hi"), {BYE}]',
    "printing": f"messages = [{HI}, {BYE}]\nprint(len(messages), messages)",
    "an earlier call": f"messages = [{HI}, {BYE}]\nclient.messages.count_tokens(messages=messages)",
}


@pytest.mark.parametrize("name", MESSAGES)
def test_messages_are_those_that_are_there_at_the_call(name: str) -> None:
    found = read_request(f"{MESSAGES[name]}\n{ASKED}")
    assert (texts(found), names(found)) == (["Hi", "Bye"], [])


LOST = {
    "extend": f"messages = [{HI}]\nmessages.extend([{BYE}])",
    "insert": f"messages = [{BYE}]\nmessages.insert(0, {HI})",
    "+=": f"messages = [{HI}]\nmessages += [{BYE}]",
    "an index": f"messages = [{HI}, {HI}]\nmessages[1] = {BYE}",
    "del": f"messages = [{HI}, {HI}, {BYE}]\ndel messages[0]",
    "a round of a loop": f"messages = [{HI}]\nfor x in y:\n    {ASKED}\n    messages.append(x)",
    "an unknown function": f"messages = [{HI}]\nadd(messages)",
    "a function through another name": f"messages = [{HI}]\nsame = messages\nadd(same)",
    "a function of the source": (
        f"messages = [{HI}]\ndef add():\n    messages.append({BYE})\nadd()"
    ),
    "a lambda": f"messages = [{HI}]\nadd = lambda: messages.append({BYE})\nadd()",
    "a method of the source": (
        f"messages = [{HI}]\nclass A:\n    def add(self):\n        messages.pop()\na = A()\na.add()"
    ),
    "a loop": f"messages = [{HI}]\nfor each in x:\n    messages.append({BYE})",
    "a name in a loop": (f"messages = [{HI}]\nif x:\n    other = messages\nother.append({BYE})"),
    "an alias that is bound anew": (
        f"messages = [{HI}]\nother = messages\nif x:\n    other += [1]\n    other = None"
    ),
    "an alias that is bound anew after a use": (
        f"messages = [{HI}]\nother = messages\nif x:\n    other.pop()\n    other = None"
    ),
    "sort": f"messages = [{HI}]\nmessages.sort()",
    "a slice": f"messages = [{HI}]\nmessages[:] = other",
    "deleting a slice": f"messages = [{HI}]\ndel messages[1:]",
    "an object that keeps it": f"messages = [{HI}]\nself.messages = messages\nself.add()",
}


@pytest.mark.parametrize("name", LOST)
def test_messages_that_may_have_changed_are_not_taken(name: str) -> None:
    found = read_request(f"{LOST[name]}\n{ASKED}")
    assert texts(found) == ["{{messages}}"]
    assert names(found)[-1] == "messages"


def test_calls_and_results_of_tools_are_taken() -> None:
    call = {"type": "tool_use", "id": "t", "name": "n", "input": {"cities": ["Pune"], "now": True}}
    result = {"type": "tool_result", "tool_use_id": "t", "content": "9 °C"}
    turns = [{"role": "assistant", "content": [call]}, {"role": "user", "content": [result]}]
    found = read_request(f"messages = [{HI}] + {turns!r}\n{ASKED}")
    assert found.request.prompt.turns[1:] == turns
    assert names(found) == []


def test_an_unknown_message_is_listed_and_the_others_are_taken() -> None:
    source = f"messages = [{HI}, *history]\nmessages.append(last)\n{ASKED}"
    found = read_request(source)
    assert texts(found) == ["Hi"]
    assert names(found) == ["Message 2", "Message 3"]


def test_constants_above_a_function_are_seen_in_it_and_its_parameters_are_listed() -> None:
    source = f"""
MODEL = "good"

def ask(city, n=5, *, style="terse"):
    return client.messages.create(model=MODEL, max_tokens=4096, top_k=n, system=style + ": " + city,
        messages=[{HI}])

if __name__ == "__main__":
    ask("Paris", 7)
"""
    found = read_request(source)
    params = found.request.params
    assert (params.model, params.max_tokens, params.top_k) == ("good", 4096, None)
    assert found.request.prompt.system == "{{style}}: {{city}}"
    assert sorted(names(found)) == ["f-string", "f-string", "top_k"]


@pytest.mark.parametrize(
    "source",
    [
        'MODEL = "a"\ndef ask():\n    CALL\nask()\nMODEL = "b"\nask()',
        'def ask():\n    CALL\nMODEL = "a"\nask()\nMODEL = "b"\nask()',
        'MODEL = "a"\ndef ask():\n    CALL\ndef choose():\n    global MODEL\n    MODEL = "b"',
        'def ask():\n    CALL\n    MODEL = "a"',
        'def ask(MODEL="a"):\n    CALL\nask(MODEL="b")',
        'def ask(MODEL="a"):\n    CALL\nask("b")',
        'def ask(MODEL="a"):\n    CALL\nask(*x)',
        'class A:\n    MODEL = "a"\n    def ask(self):\n        CALL',
        'MODEL = "a"\nx = [CALL for MODEL in y]',
        'MODEL = "a"\nx = lambda MODEL: CALL',
        'MODEL = "a"\nfor MODEL in y:\n    CALL',
    ],
)
def test_a_name_that_a_function_may_see_changed_is_listed(source: str) -> None:
    found = read_request(source.replace("CALL", CALL.replace("model=model", "model=MODEL")))
    assert found.request.params.model == ""
    assert "model" in names(found)


def test_what_the_client_adds_is_listed() -> None:
    found = read_request(
        'client = Anthropic(default_headers={"anthropic-beta": "x"}, default_query=q)\n'
        'client.messages.create("positional", model="m", max_tokens=9, system=NOT_GIVEN, '
        f'extra_headers={{"anthropic-beta": BETA, "x-api-key": KEY}}, messages=[{HI}])'
    )
    assert sorted(names(found)) == [
        "Argument 1",
        "Header anthropic-beta",
        "default_headers",
        "default_query",
    ]


def test_keys_that_the_client_adds_are_no_loss() -> None:
    for headers in ('{"x-api-key": key}', '{"X-API-Key": key, "authorization": f"Bearer {key}"}'):
        assert not names(read_request(f"c = Anthropic(default_headers={headers})\n{ASKED_HI}"))
    for headers in ("headers", '{"x-api-key": key, **more}', '{"x-api-key": key, name: "x"}'):
        found = read_request(f"c = Anthropic(default_headers={headers})\n{ASKED_HI}")
        assert names(found) == ["default_headers"]


def test_an_argument_given_twice_is_refused_as_python_refuses_it() -> None:
    with pytest.raises(ImportingError, match=r"^model is given twice, which Python rejects"):
        read_request(CALL.replace("model=model", 'model="a", **{"model": "b"}'))


def test_a_post_with_its_body_in_whichever_argument() -> None:
    body = f'body = {{"model": "m", "max_tokens": 9, "messages": [{HI}]}}\n'
    encoded = ("data=json.dumps(body).encode()", "data=json.dumps(body).encode('utf-8')")
    for given in ("json=body", "data=json.dumps(body)", "json.dumps(body)", "None, body", *encoded):
        found = read_request(
            f"{body}requests.post('https://api.anthropic.com/v1/messages', {given})"
        )
        assert (found.request.params.model, texts(found), names(found)) == ("m", ["Hi"], [])
    found = read_request(
        f"{body}data = json.dumps(body)\n"
        "httpx.post(URL + '/v1/messages', content=data, auth=(a, b), params={'beta': 'true'})"
    )
    assert found.request.params.model == "m"
    assert sorted(names(found)) == ["auth", "params"]


TANGLED = {
    "one name used thousands of times": "x = 1\n" + "y = x + x\nx = x\n" * 9_000,
    "lists doubled": "a = [1]\n" + "a = a + a\n" * 60,
    "texts doubled": "a = 'x'\n" + "a = a + a\n" * 60,
    "lists in lists": "a = [1]\n" + "a = [a, a]\n" * 60,
    "extended by itself": "a = [1]\n" + "a.extend(a)\n" * 60,
    "copies": "import copy\na = [1]\n" + "a = [a, copy.deepcopy(a)]\n" * 60,
    "multiplied": "a = [1]\n" + "a = a * 99\n" * 60,
    "powers": "a = 9\n" + "a = a ** 60\n" * 60,
    "itself": "a = []\na.append(a)\n",
    "attributes": "a = x" + ".b" * 30_000,
    "a deep sum": "a = 1" + " + 1" * 9_000,
    "deep calls": "a = " + "f(" * 90 + ")" * 90,
    "functions": "def f(): a.append(1)\n" + "f()\n" * 9_000,
    "aliases": "f0 = lambda: a\n" + "".join(f"f{n} = f{n + 1}\n" for n in range(4_000)),
    "deep blocks": "".join(f"{' ' * n}if x:\n" for n in range(95)) + " " * 95 + "a = 1\n",
    "wide formats": "a = f'{1:999999999}' + '%999999999d' % 1 + '{:999999999}'.format(1)",
    "joins": "a = ',' * 900_000\nb = a.join([a] * 900)",
    "replacing": "a = 'x' * 900_000\na = a.replace('x', a)",
    "calls": "a = 1\n" + f"if 0: {CALL}\n" * 1_500,
}


@pytest.mark.parametrize(
    "made",
    [
        "content = S.join(a)",
        "content = 'x' + S.join([*a, *a])",
        "b = [S]\n" + "b = b + b\n" * 15 + "content = b",
        "b = [{'type': 'text', 'text': S}]\n" + "b = b + b\n" * 15 + "content = b",
        "b = S\n" + "b = f'{b}{b}'\n" * 15 + "content = b",
    ],
)
def test_no_text_is_built_that_is_far_longer_than_its_source(made: str) -> None:
    source = f"S = '{'x' * 90_000}'\na = ['']\n" + "a = a + a\n" * 15 + made
    call = "client.messages.create(model='m', max_tokens=9, messages=[{'role': 'user', "
    tracemalloc.start()
    with pytest.raises(ImportingError, match="too entangled"):
        read_request(f"{source}\n{call}'content': content}}])")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 300_000_000


@pytest.mark.parametrize("name", TANGLED)
def test_tangled_source_takes_a_bounded_time(name: str) -> None:
    began_s = time.process_time()
    try:
        said = read_request(f"{TANGLED[name]}\n{ASKED.replace('messages=messages', 'messages=a')}")
    except ImportingError as error:
        said = str(error)
    assert said
    assert time.process_time() - began_s < 4


@pytest.mark.parametrize(
    ("before", "system"),
    [
        ("def dict(**fields):\n    return 'b'", "[dict(type='text', text='a')]"),
    ],
)
def test_a_function_of_the_program_is_not_taken_for_pythons_own(before: str, system: str) -> None:
    found = read_request(f"{before}\n{CALL[:-1]}, system={system})")
    assert found.request.prompt.system in ("{{system}}", "")
    assert {"system", "system, block 1"} & set(names(found))


def test_json_of_another_module_is_not_taken_for_json() -> None:
    body = '{"model": "m", "max_tokens": 1, "messages": []}'
    post = f"requests.post('https://api.anthropic.com/v1/messages', data=json.dumps({body}))"
    assert read_request(f"import json\n{post}").request.params.model == "m"
    with pytest.raises(ImportingError, match="only when it runs"):
        read_request(f"import mine as json\n{post}")


def test_unknown_parts_have_variables_of_their_own() -> None:
    source = (
        'client.messages.create(model="m", system=f"{a.b} {c[0]} {a.b!r} {a.b} {d}", messages=['
    )
    source += ", ".join(f'{{"role": "user", "content": ask({n})}}' for n in (1, 2, 1)) + "])"
    prompt = read_request(source).request.prompt
    assert prompt.system == "{{a_b}} {{c_0}} {{a_b_r}} {{a_b}} {{d}}"
    texts = [message.text for message in prompt.messages]
    assert texts == ["{{content}}", "{{content_2}}", "{{content}}"]
    assert variables(prompt) == ("a_b", "c_0", "a_b_r", "d", "content", "content_2")


@pytest.mark.parametrize("blank", ["\xa0", "\u200b"])
def test_an_f_string_that_python_cannot_write_again_is_read(blank: str) -> None:
    system = f"""f"{{'{blank}'.join(a)}} {{'{blank}{blank}'.join(a):>9}} {{x}}\""""
    prompt = read_request(f"{ASKED_HI[:-1]}, system={system})").request.prompt
    assert len(set(variables(prompt))) == 3
    assert prompt.system.endswith(" {{x}}")
    read_request(f"a = {system}.join(b)\n{ASKED_HI}")


REBOUND = {
    "bound again": "x = input()",
    "grown": "x += 'b'",
    "bound in a branch": "if x:\n    x = input()",
    "bound by a loop": "for x in names:\n    pass",
    "bound by a walrus": "print(x := input())",
    "deleted and bound by an import": "del x\nfrom names import x",
}


@pytest.mark.parametrize("name", REBOUND)
def test_a_name_that_is_bound_again_stands_for_another_value(name: str) -> None:
    source = f'x = input()\nbefore = f"Say {{x}}"\n{REBOUND[name]}\n' + ASKED_HI.replace(
        '"Hi"', 'f"{x} {x}"'
    ).replace("max_tokens", "system=before, max_tokens")
    prompt = read_request(source).request.prompt
    assert (prompt.system, prompt.messages[0].text) == ("Say {{x}}", "{{x_2}} {{x_2}}")


def test_a_part_that_is_set_and_a_parameter_of_the_same_name_are_other_values() -> None:
    source = """
x = input()
before = f"{x} {x.text}"
x.text = input()
def ask(x):
    client.messages.create(model="m", system=before, messages=[
        {"role": "user", "content": f"{x.text}"}, {"role": "user", "content": x}])
"""
    prompt = read_request(source).request.prompt
    assert prompt.system == "{{x}} {{x_text}}"
    assert [message.text for message in prompt.messages] == ["{{x_text_2}}", "{{x_2}}"]


def test_a_dict_that_is_changed_now_and_then_is_listed() -> None:
    source = f"""
def chat(system=None):
    settings = {{"model": "m", "top_p": 0.5}}
    if system:
        settings["system"] = system
    return client.messages.create(max_tokens=7, messages=[{HI}], **settings)
"""
    found = read_request(source)
    params = found.request.params
    assert (params.model, params.max_tokens, params.top_p) == ("", 7, None)
    assert "**settings" in names(found)


@pytest.mark.parametrize(
    "source",
    [
        'twilio.messages.create(body="Hi", from_="+1", to="+2")',
        'client.beta.threads.messages.create(thread_id="t", role="user", content="Hi")',
    ],
)
def test_messages_of_another_service_are_no_request(source: str) -> None:
    with pytest.raises(ImportingError, match="no call of messages"):
        read_request(source)
    after = f"{source}\nclient.messages.create(model='m', max_tokens=2, messages=[{HI}])"
    assert read_request(after).request.params.max_tokens == 2


@pytest.mark.parametrize(
    "post",
    [
        "requests.request('POST', URL, headers=headers, data=json.dumps(BODY))",
        "requests.request('post', URL, json=BODY)",
        "httpx.request('Post', URL, headers=headers, json=BODY)",
        "session.request(method='POST', url=URL, json=BODY)",
        "requests.request(url=URL, json=BODY, method='post')",
        "httpx.stream('POST', URL, json=BODY)",
        "httpx.stream(method='POST', url=URL, content=json.dumps(BODY))",
    ],
)
def test_a_post_whose_method_is_an_argument_is_read(post: str) -> None:
    found = read_request(f"{POSTED}\n{posted(post)}")
    assert (found.request.params.model, found.request.params.max_tokens) == ("m", 3)
    assert (texts(found), names(found)) == (["Hi"], [])
    found = read_request(f"{posted(post.replace('URL', 'URL + path'))}")
    assert texts(found) == ["Hi"]


@pytest.mark.parametrize(
    "post",
    [
        "requests.request(METHOD, URL, json=BODY)",
        "requests.request(method=METHOD, url=URL, json=BODY)",
        "requests.request(*given, URL, json=BODY)",
        "requests.request(POST.value, URL, json=BODY)",
        "requests.request('GET', URL, json=BODY)",
        "httpx.stream('PUT', URL, json=BODY)",
        "session.request(method='PATCH', url=URL, json=BODY)",
        "requests.request('POST', URL)",
        "api.request(URL, method='POST', json=BODY)",
        "urllib.request.Request(URL, json.dumps(BODY).encode())",
    ],
)
def test_a_request_whose_method_is_no_literal_post_is_no_call(post: str) -> None:
    with pytest.raises(ImportingError, match="no call of messages"):
        read_request(f"METHOD = 'POST'\n{posted(post)}")
    found = read_request(f"METHOD = 'POST'\n{posted(post)}\n{ASKED_HI}")
    assert (found.request.params.max_tokens, texts(found)) == (9, ["Hi"])


ENCODED = "data=json.dumps(BODY).encode('utf-8')"


@pytest.mark.parametrize(
    "post",
    [
        f"urllib.request.Request(URL, {ENCODED}, headers=headers, method='POST')",
        f"request.Request(URL, headers=headers, {ENCODED})",
        f"Request(url=URL, {ENCODED})",
        f"urlopen(URL, {ENCODED}, timeout=9)",
        f"urllib.request.urlopen(urllib.request.Request(URL, {ENCODED}))",
        "requests.Request('POST', URL, json=BODY).prepare()",
        "client.post('/v1/messages', body=BODY)",
    ],
)
def test_what_urllib_and_other_clients_post_is_read(post: str) -> None:
    found = read_request(f"{POSTED}\n{posted(post)}")
    assert (found.request.params.model, texts(found)) == ("m", ["Hi"])
    assert set(names(found)) <= {"timeout"}


@pytest.mark.parametrize("more", ["method='PUT'", "method=METHOD", "method='GET'"])
def test_what_urllib_may_send_with_another_verb_is_no_call(more: str) -> None:
    with pytest.raises(ImportingError, match="no call of messages"):
        read_request(f"{POSTED}\n{posted(f'Request(URL, {ENCODED}, {more})')}")


def test_a_header_that_is_added_to_a_request_is_listed_unless_it_is_a_key() -> None:
    added = "\n".join(
        f"asked.add_header({name!r}, value)"
        for name in ("anthropic-version", "X-Api-Key", "content-type")
    )
    found = read_request(f"{POSTED}\n{posted(f'asked = Request(URL, {ENCODED})')}\n{added}")
    assert names(found) == ["Header anthropic-version"]


def test_what_a_request_takes_in_its_third_place_is_listed_and_not_guessed() -> None:
    post = posted("session.request('POST', URL, {'model': 'other'}, json=BODY)")
    found = read_request(post)
    assert (found.request.params.model, names(found)) == ("m", ["Argument 3"])


AS_TEXT = json.dumps({"model": "m", "max_tokens": 3, "messages": [json.loads(HI)]})


@pytest.mark.parametrize(
    "source",
    [
        f"requests.post(URL, data='{AS_TEXT}')",
        f"body = '{AS_TEXT}'\nrequests.post(URL, headers=headers, data=body)",
        f"body = '{AS_TEXT}'\nrequests.post(URL, data=body.encode('utf-8'))",
        f"body = json.loads('{AS_TEXT}')\nrequests.post(URL, json=body)",
        f"client.messages.create(**json.loads('{AS_TEXT}'))",
        "body = json.dumps(BODY)\nconnection.request('POST', '/v1/messages', body, headers)",
    ],
)
def test_a_body_that_is_written_as_text_is_read(source: str) -> None:
    found = read_request(POSTED + posted(source))
    assert (found.request.params.model, texts(found), names(found)) == ("m", ["Hi"], [])


def test_a_posted_text_that_is_no_json_is_named_with_its_place() -> None:
    with pytest.raises(ImportingError, match=r"The text that is posted .* line 1, column 10"):
        read_request(POSTED + posted("requests.post(URL, data='{\"model\":}')"))


def test_a_text_that_goes_out_as_a_json_text_is_no_request() -> None:
    with pytest.raises(ImportingError, match="known only when it runs"):
        read_request(POSTED + posted(f"requests.post(URL, json='{AS_TEXT}')"))


def test_an_encoding_that_changes_the_body_leaves_it_unknown() -> None:
    body = f'body = {{"model": "m", "max_tokens": 9, "messages": [{HI}]}}\n'
    post = "requests.post(URL, data=json.dumps(body).encode(body.pop('model')))"
    with pytest.raises(ImportingError, match="known only when it runs"):
        read_request(body + post)


def test_a_text_completion_is_named() -> None:
    with pytest.raises(ImportingError, match="text-completion"):
        read_request('client.completions.create(model="m", prompt=f"{HUMAN} Hi {AI}")')


def test_a_batch_that_only_running_tells_says_so() -> None:
    with pytest.raises(ImportingError, match="only when the code runs"):
        read_request("client.messages.batches.create(requests=[ask(q) for q in questions])")


@pytest.mark.parametrize(
    "fields",
    [
        {"stop_sequences": []},
        {"cache_control": {"type": "ephemeral"}},
        {"cache_control": {"type": "ephemeral", "ttl": "5m"}},
        {"stop_sequences": [], "cache_control": {"type": "ephemeral", "ttl": "1h"}},
    ],
)
def test_what_no_control_sends_the_same_stays_as_it_is(fields: dict[str, object]) -> None:
    body = {"model": "claude-haiku-4-5", "max_tokens": 9, **fields, "stream": True}
    body["messages"] = [{"role": "user", "content": "Hi"}]
    request = read_request(json.dumps(body)).request
    assert wire(request, model_on(CLAUDE, request.params.model), CLAUDE).body == body
