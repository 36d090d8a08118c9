"""Programs made to mislead a reader: what is told of a call is what every run of it sends."""

from __future__ import annotations

import asyncio
import contextlib
import copy
import sys
from typing import Any

import pytest

from playground.core.importing.import_result import ImportingError
from playground.core.importing.python_call import read_python
from tests.core.importing.test_python_truth import as_json

CALL = "client.messages.create(model=model, tools=tools, metadata=data, max_tokens=1, messages=[])"
START = 'model = "a"\ntools = ["t"]\ndata = {"k": ["v"]}\n'
EVIL = {
    "an alias": "same = tools\nsame.append(1)\nCALL",
    "an alias in a list": "box = [tools]\nbox[0].append(1)\nCALL",
    "an alias in a dict": 'box = {"t": tools}\nbox["t"].append(1)\nCALL',
    "an alias in a tuple": "box = (tools, 1)\nbox[0].append(1)\nCALL",
    "an alias by a chain": "x = y = tools\ny.append(1)\nCALL",
    "an alias by a walrus": "print(x := tools)\nx.append(1)\nCALL",
    "an alias by a choice": "x = tools if model else data\nx.append(1)\nCALL",
    "an alias by or": "x = None or tools\nx.append(1)\nCALL",
    "an alias by unpacking": "x, y = tools, data\nx.append(1)\ny['k'] = 2\nCALL",
    "an alias by a star": "x, *y = data, tools\ny[0].append(1)\nCALL",
    "an alias by a loop": "for x in [tools]:\n    x.append(1)\nCALL",
    "an alias by a comprehension": "[x.append(1) for x in [tools]]\nCALL",
    "an alias that a condition makes": "if model:\n    x = tools\nx.append(1)\nCALL",
    "an alias of an entry": "x = data['k']\nx.append(1)\nCALL",
    "an alias by with": "with contextlib.nullcontext(tools) as x:\n    x.append(1)\nCALL",
    "an alias by a match": "match data:\n    case {'k': x}:\n        x.append(1)\nCALL",
    "an alias by a function": "def same(x):\n    return x\nsame(tools).append(1)\nCALL",
    "an alias by a lambda": "same = lambda x: x\nsame(tools).append(1)\nCALL",
    "an alias by a default": "def add(x=tools):\n    x.append(1)\nadd()\nCALL",
    "an alias by an attribute": "class Box:\n    pass\nBox.x = tools\nBox.x.append(1)\nCALL",
    "an alias by a class": "class Box:\n    x = tools\nBox.x.append(1)\nCALL",
    "a shallow copy by +": "x = [data] + []\nx[0]['k'] = 1\nCALL",
    "a shallow copy by a star": "x = [*[data]]\nx[0]['k'] = 1\nCALL",
    "a shallow copy by **": "x = {**data}\nx['k'].append(1)\nCALL",
    "a shallow copy by dict": "x = dict(**data)\nx['k'].append(1)\nCALL",
    "a dict that is not known but holds it": (
        "x = {**dict([('y', 1)]), 't': tools}\nx['t'].append(1)\nCALL"
    ),
    "a part that changes later": "part = {'n': 1}\ntools.append(part)\npart['n'] = 2\nCALL",
    "a part that changes first": "part = {'n': 1}\npart['n'] = 2\ntools.append(part)\nCALL",
    "a bound method": "add = tools.append\nadd(1)\nCALL",
    "a method of a type": "list.append(tools, 1)\nCALL",
    "+= on an alias": "x = tools\nx += [1]\nCALL",
    "+= on a copy": "x = tools\nx = x + [1]\nCALL",
    "*=": "tools *= 2\nCALL",
    "a text that grows": "model += 'b'\nCALL",
    "a text that grows in a loop": "for _ in 'ab':\n    model += 'b'\nCALL",
    "|=": "data |= {'k': 1}\nCALL",
    "update": "data.update(k=1)\nCALL",
    "setdefault": "data.setdefault('k', []).append(1)\nCALL",
    "a slice": "tools[:] = []\nCALL",
    "a key that is not known": "data[str(1)] = 1\nCALL",
    "del": "del data['k']\nCALL",
    "pop while printing": "print(tools.pop())\nCALL",
    "pop in an f-string": "x = f'{tools.pop()}'\nCALL",
    "pop in a format": "x = f'{1:{tools.pop() and 2}}'\nCALL",
    "pop in a comparison": "x = tools.pop() == 1\nCALL",
    "pop in an index": "x = data['k'][tools.pop() == 1]\nCALL",
    "a default that runs": "def f(x=tools.pop()):\n    pass\nCALL",
    "a decorator that runs": "def g(f):\n    tools.pop()\n@g\ndef f():\n    pass\nCALL",
    "a parameter's annotation that runs": "def f(x: tools.pop()):\n    pass\nCALL",
    "a result's annotation that runs": "def f() -> tools.pop():\n    pass\nCALL",
    "an annotation that runs": "x: tools.pop() = 1\nCALL",
    "a generator that runs later": "g = (tools.append(1) for _ in 'a')\ntools = []\nlist(g)\nCALL",
    "a list that a function fills": "def f():\n    tools.append(1)\nf()\nCALL",
    "a list that a function is to fill": "def f():\n    tools.append(1)\ntools = []\nf()\nCALL",
    "a function that binds": "def f():\n    global model\n    model = 'b'\nf()\nCALL",
    "a function that changes and binds": (
        "x = tools\ndef f():\n    global x\n    x.append(1)\n    x = []\nf()\nCALL"
    ),
    "a function within one": (
        "def f():\n    def g():\n        tools.append(1)\n    g()\nf()\nCALL"
    ),
    "a method": "class A:\n    def f(self):\n        tools.append(1)\nA().f()\nCALL",
    "the body of a class": "class A:\n    tools.append(1)\nCALL",
    "a text made before": "import json\nx = json.dumps(tools)\ntools.append(1)\nCALL",
    "a condition": "if data:\n    model, tools = 'b', []\nCALL",
    "another branch": "if not data:\n    model = 'b'\nelse:\n    CALL",
    "a branch before": "if data:\n    model = 'b'\nif data:\n    CALL",
    "an error": ("try:\n    model = 'b'\n    1 / 0\n    model = 'c'\nexcept Exception:\n    CALL"),
    "a name of an error": (
        "try:\n    1 / 0\nexcept Exception as model:\n    model = 'b'\n    CALL"
    ),
    "what runs finally": "try:\n    model = 'b'\nfinally:\n    CALL",
    "what runs else": "try:\n    model = 'b'\nexcept KeyError:\n    pass\nelse:\n    CALL",
    "an error that is suppressed": (
        "with contextlib.suppress(ZeroDivisionError):\n    1 / 0\n    model = 'b'\nCALL"
    ),
    "a loop": "for _ in 'ab':\n    CALL\n    model = 'b'\n    tools.append(1)",
    "a loop that binds first": "for _ in 'ab':\n    x = model\n    model = 'b'\n    CALL",
    "a loop around an alias": "x = []\nfor _ in 'ab':\n    CALL\n    x.append(1)\n    x = tools",
    "a while": "n = 0\nwhile n < 2:\n    n += 1\n    CALL\n    data['k'] = n",
    "a comprehension": "[CALL for model in 'bc']",
    "a comprehension that adds": "[(CALL, tools.append(1)) for _ in 'ab']",
    "a comprehension that asks": "[1 for tools in [[1], [2]] if CALL]",
    "a generator that asks later": "g = (CALL for _ in 'ab')\nmodel = 'b'\nlist(g)",
    "a generator in a function": (
        "def f():\n    g = (CALL for _ in 'ab')\n    tools.append(1)\n    list(g)\nf()"
    ),
    "a walrus beside it": "print(model := 'b', CALL)",
    "a change beside it": "print(tools.append(1), CALL)",
    "a change in it": CALL.replace("=data", "=(tools.append(1), data)[1]"),
    "a change in it, further on": CALL.replace("[]", "tools.clear() or []"),
    "its own value": "model = CALL or 'b'\nmodel = 'c'",
    "a function called twice": "def f():\n    CALL\n    tools.append(1)\nf()\nf()",
    "a function that adds first": "def f():\n    tools.append(1)\n    CALL\nf()\nf()",
    "a function that adds to an alias": (
        "def f():\n    x = tools\n    x.append(1)\n    CALL\nf()\nf()"
    ),
    "a function with a copy": (
        "def f():\n    x = tools\n    y = x + [1]\n    client.messages.create("
        "model=model, tools=y, metadata=data, max_tokens=1, messages=[])\n    x.append(2)\nf()\nf()"
    ),
    "a function between two models": "def f():\n    CALL\nf()\nmodel = 'b'\nf()",
    "a function above its model": (
        "del model\ndef f():\n    CALL\nmodel = 'b'\nf()\nmodel = 'c'\nf()"
    ),
    "a parameter": "def f(model):\n    CALL\nf('b')",
    "a default": "def f(model='b'):\n    CALL\nf('c')\nf()",
    "a default that grows": "def f(tools=[]):\n    CALL\n    tools.append(1)\nf()\nf()",
    "a name that is local": "def f():\n    if 0:\n        data = 1\n    data = {}\n    CALL\nf()",
    "a closure": (
        "def f():\n    model = 'b'\n    def g():\n        CALL\n    g()\n"
        "    model = 'c'\n    g()\nf()"
    ),
    "a closure that is bound by another": (
        "def f():\n    model = 'b'\n    def g():\n        nonlocal model\n        model = 'c'\n"
        "    g()\n    CALL\nf()"
    ),
    "a function from a loop": (
        "f = None\nfor _ in 'ab':\n    model = 'b'\n    f and f()\n    model = 'c'\n"
        "    def f():\n        CALL"
    ),
    "a lambda": "f = lambda model: CALL\nf('b')",
    "a lambda above its model": "f = lambda: CALL\nmodel = 'b'\nf()",
    "a class attribute": "class A:\n    model = 'b'\n    def f(self):\n        CALL\nA().f()",
    "a call in a class": "class A:\n    model = 'b'\n    CALL",
    "asynchronous": (
        "async def f():\n    CALL\n    await asyncio.sleep(0)\n    tools.append(1)\n"
        "async def both():\n    await asyncio.gather(f(), f())\n"
        "asyncio.run(both())\nasyncio.run(f())"
    ),
    "exec": "exec('model = 1')\nCALL",
    "eval": "eval('tools.append(1)')\nCALL",
    "globals": "globals()['model'] = 'b'\nCALL",
    "a function's globals": "def f():\n    pass\nf.__globals__['model'] = 'b'\nCALL",
    "a frame's globals": "sys._getframe().f_globals['model'] = 'b'\nCALL",
    "a print of its own": "def print(x):\n    x.append(1)\nprint(tools)\nCALL",
    "a dict of its own": "def dict(**x):\n    return 'b'\nmodel = dict(x=1)\nCALL",
    "a text that is formatted": "model = f'{1.5:.0f}'\nCALL",
    "a text that is converted": "model = f'{model!r}'\nCALL",
    "numbers in a text": "model = f'{1}{1.0}{True}{-2}'\nCALL",
    "None in a text": "model = f'{None}'\nCALL",
    "joining what is no list of texts": "model = '-'.join('abc')\nCALL",
    "joining a dict": "model = '-'.join(data)\nCALL",
    "a tuple that grows": "x = (1,)\ntools = x\nx += (2,)\nCALL",
    "names that swap": "model, tools = 'b', ['c']\nCALL",
    "del and again": "del model\nmodel = 'b'\nCALL",
    "an import": "from sys import byteorder as model\nCALL",
}
FEWEST_TOLD = 1 / 3
"""Of the values: a reader that tells nothing would be honest too."""


class Client:
    """Writes down what a program sends."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []
        self.messages = self

    def create(self, **body: Any) -> str:
        self.sent.append(copy.deepcopy(body))
        return "answer"


def told_and_sent(program: str) -> tuple[dict[str, Any], set[str], list[dict[str, Any]]]:
    source = START + program.replace("CALL", CALL)
    world: dict[str, Any] = {"client": (client := Client()), "print": lambda *_: None}
    world |= {"asyncio": asyncio, "contextlib": contextlib, "sys": sys}
    exec(compile(source, "program", "exec", dont_inherit=True), world)
    try:
        call = read_python(source)
    except ImportingError:
        return {}, {"model", "tools", "metadata"}, client.sent
    return dict(call.body), {part.name for part in call.left_out}, client.sent


@pytest.mark.parametrize("name", EVIL)
def test_a_value_is_what_is_sent_each_time_or_it_is_listed(name: str) -> None:
    told, listed, sent = told_and_sent(EVIL[name])
    assert sent
    for field in ("model", "tools", "metadata"):
        assert (field in told) != (field in listed), field
        if field in told:
            assert [as_json(body[field]) for body in sent] == [told[field]] * len(sent), field


def test_much_is_told_all_the_same() -> None:
    told = [field for program in EVIL.values() for field in told_and_sent(program)[0]]
    assert len([f for f in told if f in ("model", "tools", "metadata")]) > FEWEST_TOLD * 3 * len(
        EVIL
    )
