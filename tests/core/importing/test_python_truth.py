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

from playground.core.importing.import_result import ImportingError
from playground.core.importing.read_any import read_request

GRAMMAR = {
    "LN": "a | d",
    "DN": "b | e",
    "TN": "c | f",
    "FN": "do | go",
    "L": """LN | LN | [E] | [E, E] | [*LN, E] | (LN + L) | LN.copy() | list(LN) | LN * 2 | (LN := L)
        (L if flag else L) | (L if 0 else L) | unknown(LN) | [E for TN in list(LN)] | (L or L)""",
    "D": """DN | DN | {'k': E} | {**DN, 'k': E} | dict(DN) | dict(k=E) | DN.copy() | (DN := D)
        (D if flag else D) | unknown(DN) | {'k': E, **DN}""",
    "T": """TN | TN | 'x' | 'y' | (TN + T) | f"{TN}-{TN}" | '%s!' % TN | '{}{}'.format(TN, TN)
        TN.upper() | (T if flag else T) | (TN := T) | str(TN) | 'a-b'.replace('a', TN) | (T or T)
        unknown(T) | '-'.join([T, T])""",
    "E": """L | D | T | T | 1 | None | not TN | len(LN) | LN[0] | LN[-1] | DN['k'] | DN.get('k', E)
        LN.pop() | (T == T) | (lambda TN: TN)(T)""",
    "S": """LN = L | DN = D | TN = T | LN = LN | DN = DN | TN = TN | LN.append(E) | LN.extend(L)
        LN += L | DN['k'] = E | LN[0] = E | del LN[0] | DN.update(D) | TN += T | LN.insert(0, E)
        LN.clear() | LN.reverse() | unknown(LN) | unknown(DN) | TN, LN = T, L | LN = LN = L
        DN.setdefault('k', E) | other.x = LN | LN.append(DN) | DN['k'] = LN | print(LN) | FN()
        FN = lambda: LN.append(E) | DN |= D | LN[:] = L | LN: list = L | import json as TN | del TN
        TN, *LN = [T, E] | other.x.append(E) | FN = FN | DN['k'] = DN""",
}
BLOCKS = """
if flag:
M
---
if 0:
M
---
if 1:
M
---
for TN in list(L):
M
---
try:
M
except Exception as TN:
    TN = T
---
with manager() as TN:
M
---
def FN(TN=T):
M
---
def FN(TN='x'):
    global LN
M
---
while flag:
M
    break
---
match D:
    case {'k': TN}:
        pass
---
if flag:
M
else:
M
---
for TN in [T, T]:
    if flag:
        break
M
---
def FN():
    LN.append(E)
    return LN
"""
PROGRAMS = """
I
M0
CALL
M0
---
I
M0
def ask():
M
    CALL
M0
ask()
---
M0
def ask(b=D):
    CALL
I
M0
ask()
---
I
M0
for c in ['x', 'y']:
M
    CALL
---
I
M0
if flag:
M
    CALL
else:
    CALL
---
I
M0
class A:
    b = 1
    def ask(self, c=T):
        CALL
M0
A().ask()
---
I
def outer(a):
M
    def ask():
        global b
        M
        CALL
M
    ask()
outer(L)
---
I
try:
M
    CALL
except Sent:
    raise
except Exception:
M
    CALL
"""
START = "a, d = ['x'], ['y', {}]\nb = {'k': 'z'}\ne = dict(k=a)\nc = f = 'w'\n"
CALL = (
    'client.messages.create(model="m", max_tokens={}, messages=[], metadata=b, tools=a, '
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
        self.shapes = {name: re.split(r" \| |\n *", each) for name, each in GRAMMAR.items()}
        self.blocks = [each.strip("\n") for each in BLOCKS.split("---")]
        self.programs = [each.strip("\n") for each in PROGRAMS.split("---")]

    def one(self) -> str:
        text = self.random.choice(self.programs).replace("I\n", START, 1)
        text = re.sub(r"(?m)^M0$", lambda _: self.block(0), text)
        text = re.sub(
            r"(?m)^( *)M$", lambda at: textwrap.indent(self.block(1), at[1] or "    "), text
        )
        first, *others = self.filled(text).split("CALL")
        return first + "".join(
            CALL.format(number) + other for number, other in enumerate(others, 1)
        )

    def block(self, depth: int) -> str:
        lines = []
        for _ in range(self.random.randint(1, (6, 3, 2, 1)[depth])):
            if depth < 3 and self.random.random() < 0.3:
                lines.append(self.nested(self.random.choice(self.blocks), depth + 1))
            else:
                lines.append("S")
        return "\n".join(lines)

    def nested(self, block: str, depth: int) -> str:
        return re.sub(r"(?m)^M$", lambda _: textwrap.indent(self.block(depth), "    "), block)

    def filled(self, text: str, depth: int = 0) -> str:
        def fill(found: re.Match[str]) -> str:
            shapes = self.shapes[found[0]]
            # The first ones are the simplest.
            chosen = self.random.choice(shapes if depth < 4 else shapes[:1])
            return self.filled(chosen, depth + 1)

        return re.sub(r"\b(?:[LDTF]N|[LDTES])\b", fill, text)


class SentRequest(BaseException):
    """The first call; it ends the program."""


class Client:
    """Stands for a client of the SDK."""

    @property
    def messages(self) -> Client:
        return self

    def create(self, **body: Any) -> None:
        raise SentRequest(copy.deepcopy(body))


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
    world: dict[str, Any] = {
        "client": Client(),
        "flag": flag,
        "unknown": changes,
        "Sent": SentRequest,
    }
    world |= {"manager": Manager, "other": type("Other", (), {}), "print": lambda *_: None}
    try:
        exec(compile(source, "program", "exec"), world)
    except SentRequest as sent:
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
