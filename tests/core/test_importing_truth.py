"""What the import says a program sends is what it sends when it is run."""

from __future__ import annotations

import copy
import json
import random
import re
import textwrap
import traceback
from typing import Any

import pytest

from playground.core.imported import ImportingError
from playground.core.importing import read_request

EXPRESSIONS = """
N | W | N | W | [E, E] | [*N, E] | (E + E) | {'k': E} | {**N, 'k': E} | N['k'] | N[0] | N[-1]
(E, E) | f"{N}-{N}" | '-'.join(N) | '%s!' % N | '{}{}'.format(N, N) | list(N) | dict(N) | dict(k=E)
N.copy() | (E if flag else E) | (E or E) | (E if 0 else E) | (N := E) | N.get('k', E) | N.pop()
str(E) | N * 2 | unknown(E) | len(N) | [E for N in E] | (E == E) | (lambda N: E)(E) | N.upper()
'a-b'.replace('a', N) | not E | [N, N]
"""
STATEMENTS = """
N = E | N = E | N = N | N += E | N.append(E) | N.extend(E) | N['k'] = E | N[0] = E | del N[0]
del N['k'] | N, N = E | N = N = E | N.update(E) | N.insert(0, E) | N.clear() | N.reverse() | E
unknown(N) | N.sort() | del N | print(N) | N: str = E | N.setdefault('k', E) | other.N = E
N['k'].append(E) | N, *N = E | import json as N | fN() | fN(E) | fN = lambda: E | fN = fN
N |= E | N[0]['k'] = E | N = N['k'] | N[:] = E
"""
BLOCKS = """
if flag:
B
---
if 0:
B
---
if 1:
B
---
for N in E:
B
---
try:
B
except Exception as N:
    N = E
---
with manager() as N:
B
---
def fN(N=E):
B
---
def fN(N='x'):
    global N
B
---
while flag:
B
    break
---
match E:
    case [N, *_]:
        pass
    case {'k': N}:
        pass
---
if flag:
B
else:
B
---
for N in [E, E]:
    if flag:
        break
B
---
def fN():
    N.append(E)
    return N
"""
PROGRAMS = """
S
B0
CALL
B0
---
S
B0
def ask():
B
    CALL
B0
ask()
---
B0
def ask(b=E):
    CALL
S
B0
ask()
---
S
B0
for c in [1, 2]:
B
    CALL
---
S
B0
if flag:
B
    CALL
else:
    CALL
---
S
B0
class A:
    b = 1
    def ask(self, c=E):
        CALL
B0
A().ask()
---
S
def outer(a):
B
    def ask():
        global b
        B
        CALL
B
    ask()
outer(E)
---
S
try:
B
    CALL
except Sent:
    raise
except Exception:
B
    CALL
"""
CALL = (
    'client.messages.create(model="m", max_tokens={}, messages=[], metadata=a, tools=b, '
    "container=c)"
)
"""The number tells two calls of a program from each other."""
PROGRAMS_A_SEED = 40
FEWEST_TOLD = 1 / 8
"""Of the values sent: a test that is told nothing would find nothing."""


class Programs:
    """Harmless programs out of the grammar above; the same seed gives the same."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.expressions = [each.strip() for each in re.split(r" \| |\n", EXPRESSIONS.strip())]
        self.statements = [each.strip() for each in re.split(r" \| |\n", STATEMENTS.strip())]
        self.blocks = [each.strip("\n") for each in BLOCKS.split("---")]
        self.programs = [each.strip("\n") for each in PROGRAMS.split("---")]

    def one(self) -> str:
        text = self.random.choice(self.programs).replace("S\n", "a = E\nb = E\nc = E\n", 1)
        text = re.sub(r"(?m)^B0$", lambda _: self.block(0), text)
        text = re.sub(
            r"(?m)^( *)B$", lambda at: textwrap.indent(self.block(1), at[1] or "    "), text
        )
        first, *others = self.filled(text).split("CALL")
        return first + "".join(
            CALL.format(number) + other for number, other in enumerate(others, 1)
        )

    def block(self, depth: int) -> str:
        lines = []
        for _ in range(self.random.randint(1, (6, 3, 2, 1)[depth])):
            if depth < 3 and self.random.random() < 0.3:
                inner = self.random.choice(self.blocks)
                more = depth + 1
                lines.append(
                    re.sub(r"(?m)^B$", lambda _: textwrap.indent(self.block(more), "    "), inner)  # noqa: B023
                )
            else:
                lines.append(self.random.choice(self.statements))
        return "\n".join(lines)

    def filled(self, text: str, depth: int = 0) -> str:
        def fill(found: re.Match[str]) -> str:
            match found[0]:
                case "N":
                    return self.random.choice("abc")
                case "W":
                    return self.random.choice(["'x'", "'y'", "''", "1"])
            shapes = self.expressions if depth < 3 else ["N", "W"]
            return self.filled(self.random.choice(shapes), depth + 1)

        return re.sub(r"\b[NEW]\b|(?<=\bf)N\b", fill, text)


class Sent(BaseException):
    """The first call; it ends the program."""


class Client:
    """Stands for a client of the SDK."""

    @property
    def messages(self) -> Client:
        return self

    def create(self, **body: Any) -> None:
        raise Sent(copy.deepcopy(body))


class Manager:
    def __enter__(self) -> str:
        return "managed"

    def __exit__(self, *error: object) -> None:
        return None


def changes(value: object) -> object:
    """What an unknown function may do."""
    if isinstance(value, list):
        value.append("changed")
    if isinstance(value, dict):
        value["k"] = "changed"
    return value


def sent_by(source: str, *, flag: bool) -> dict[str, Any] | int:
    """What a program of the grammar sends, or the line that keeps it from sending anything."""
    world: dict[str, Any] = {"client": Client(), "flag": flag, "unknown": changes, "Sent": Sent}
    world |= {"manager": Manager, "other": type("Other", (), {}), "print": lambda *_: None}
    try:
        exec(compile(source, "program", "exec"), world)
    except Sent as sent:
        return dict(sent.args[0])
    except SyntaxError as error:
        return error.lineno or 0
    except Exception as error:
        frames = traceback.walk_tb(error.__traceback__)
        return [line for frame, line in frames if frame.f_code.co_filename == "program"][-1]
    return 0


def one_that_sends(programs: Programs) -> tuple[str, list[dict[str, Any]]]:
    """A program and what it sends either way; the lines that fail are taken out of it."""
    while True:
        lines = programs.one().split("\n")
        for _ in range(60):
            source = "\n".join(lines)
            sent = sent_by(source, flag=True)
            other = sent_by(source, flag=False) if isinstance(sent, dict) else 0
            if isinstance(sent, dict) and isinstance(other, dict):
                return source, [sent, other]
            at = (sent if isinstance(sent, int) else other) - 1
            is_block = lines[max(at, 0)].endswith(":")
            plain = re.sub(r"\S.*", "if 1:" if is_block else "pass", lines[max(at, 0)])
            if at < 0 or lines[at] == plain or "client" in lines[at]:
                break
            lines[at] = plain


def as_json(value: object) -> object:
    try:
        return json.loads(json.dumps(value))
    except (TypeError, ValueError):
        return "no JSON"


@pytest.mark.parametrize("seed", range(3))
def test_a_value_that_is_told_is_the_one_that_is_sent(seed: int) -> None:
    programs, told_count = Programs(seed), 0
    for _ in range(PROGRAMS_A_SEED):
        source, sent = one_that_sends(programs)
        try:
            params = read_request(source).request.params
        except ImportingError:
            continue
        told = json.loads(params.extra_json or "{}")
        told_count += len(told)
        for each in sent:
            if each["max_tokens"] == params.max_tokens:
                assert told == {name: as_json(each[name]) for name in told}, source
    assert told_count > FEWEST_TOLD * 3 * PROGRAMS_A_SEED
