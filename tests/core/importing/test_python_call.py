"""What Python source sends is told without running it; what cannot be told is listed."""

from __future__ import annotations

import time

import pytest

from playground.core.importing.import_result import Imported, ImportingError
from playground.core.importing.read_any import read_request

HI = '{"role": "user", "content": "Hi"}'
CALL = f"client.messages.create(model=model, max_tokens=9, messages=[{HI}])"
ASKED = 'client.messages.create(model="m", max_tokens=9, messages=messages)'
BYE = '{"role": "user", "content": "Bye"}'


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
    "a tuple": 'x, model = 1, "good"',
    "a local of a function": 'model = "good"\ndef f():\n    model = "bad"\nf()',
    "an object": 'models = {"a": "bad"}\nmodels["a"] = "good"\nmodel = models["a"]',
    "joining": 'model = "".join(["go", "od"])',
    "a sum": 'x = "go"\nmodel = x + "od"',
    "an f-string": 'x = "od"\nmodel = f"go{x}"',
    "a method": 'model = " good\\n".strip()',
    "a name of before": 'x = "good"\nmodel = x\nx = "bad"',
    "a name bound again": 'model = "bad"\nmodel = "good"',
    "a text that grows": 'model = "go"\nmodel += "od"',
    "a function that changes a text": 'model = "good"\ndef f():\n    print(model.upper())\nf()',
}
NOT_FOLLOWED = {
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
    found = read_request(f"{NOT_FOLLOWED[name]}\n{CALL}")
    assert found.request.params.model == ""
    assert "model" in names(found)


@pytest.mark.parametrize("name", KNOWN)
def test_a_value_that_is_certain_is_used(name: str) -> None:
    found = read_request(f"{KNOWN[name]}\n{CALL}")
    assert (found.request.params.model, names(found)) == ("good", [])


MESSAGES = {
    "+=": f"messages = [{HI}]\nmessages += [{BYE}]",
    "append": f"messages = [{HI}]\nmessages.append({BYE})",
    "+": f"messages = [{HI}] + [{BYE}]",
    "a star": f"more = [{BYE}]\nmessages = [{HI}, *more]",
    "a key": 'm = {"role": "user"}\nm["content"] = "Hi"\nmessages = [m, ' + BYE + "]",
    "dict": f'messages = [dict(role="user", content="Hi"), {BYE}]',
    "printing": f"messages = [{HI}, {BYE}]\nprint(len(messages), messages)",
    "an earlier call": f"messages = [{HI}, {BYE}]\nclient.messages.count_tokens(messages=messages)",
    "a type": (
        "from anthropic.types import MessageParam\n"
        f'messages = [MessageParam(role="user", content="Hi"), {BYE}]'
    ),
}


@pytest.mark.parametrize("name", MESSAGES)
def test_messages_are_those_that_are_there_at_the_call(name: str) -> None:
    found = read_request(f"{MESSAGES[name]}\n{ASKED}")
    assert (texts(found), names(found)) == (["Hi", "Bye"], [])


LOST = {
    "extend": f"messages = [{HI}]\nmessages.extend([{BYE}])",
    "insert": f"messages = [{BYE}]\nmessages.insert(0, {HI})",
    "an alias": f"messages = [{HI}]\nsame = messages\nsame.append({BYE})",
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


def test_an_unknown_message_is_listed_and_the_others_are_taken() -> None:
    source = f"messages = [{HI}]\nmessages += history\nmessages.append(last)\n{ASKED}"
    found = read_request(source)
    assert texts(found) == ["Hi"]
    assert names(found) == ["Message 2", "Message 3"]


def test_constants_below_a_function_are_seen_in_it() -> None:
    source = f"""
def ask(city, n=5, p=0.5, *, style="terse"):
    return client.messages.create(model=MODEL, max_tokens=4096, top_k=n, system=style + city,
        top_p=p, messages=[{HI}])

MODEL = "good"
if __name__ == "__main__":
    ask("Paris", 7)
"""
    found = read_request(source)
    params = found.request.params
    assert (params.model, params.max_tokens, params.top_k) == ("good", 4096, None)
    assert params.top_p == 0.5
    assert found.request.prompt.system == "terse{{city}}"
    assert sorted(names(found)) == ["Argument p", "Argument style", "f-string", "top_k"]


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


def test_an_argument_given_twice_is_listed() -> None:
    found = read_request(CALL.replace("model=model", 'model="a", **{"model": "b"}'))
    assert found.request.params.model == ""
    assert names(found) == ["model", "model"]


def test_a_post_with_its_body_in_whichever_argument() -> None:
    body = f'body = {{"model": "m", "max_tokens": 9, "messages": [{HI}]}}\n'
    for given in ("json=body", "data=json.dumps(body)", "json.dumps(body)", "None, body"):
        found = read_request(
            f"{body}requests.post('https://api.anthropic.com/v1/messages', {given})"
        )
        assert (found.request.params.model, texts(found), names(found)) == ("m", ["Hi"], [])
    found = read_request(
        f"{body}data = json.dumps(body).encode()\n"
        "httpx.post(URL + '/v1/messages', content=data, auth=(a, b), params={'beta': 'true'})"
    )
    assert found.request.params.model == "m"
    assert names(found) == ["auth", "params"]


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


@pytest.mark.parametrize("name", TANGLED)
def test_tangled_source_takes_a_bounded_time(name: str) -> None:
    began_s = time.process_time()
    try:
        said = read_request(f"{TANGLED[name]}\n{ASKED.replace('messages=messages', 'messages=a')}")
    except ImportingError as error:
        said = str(error)
    assert said
    assert time.process_time() - began_s < 4
