"""Python out of the middle of a program, and with what only a notebook or a prompt has."""

from __future__ import annotations

import json
import time

import pytest

from playground.core.importing.import_result import Imported, ImportingError
from playground.core.importing.read_any import read_request

CALL = (
    'client.messages.create(model="claude-haiku-4-5", max_tokens=9, system=S, '
    'messages=[{"role": "user", "content": "Hi"}])'
)


def system_of(text: str) -> str:
    return read_request(text).request.prompt.system


def notebook(*cells: str) -> str:
    listed = [{"cell_type": "code", "source": cell} for cell in cells]
    return json.dumps({"nbformat": 4, "metadata": {}, "cells": listed})


def names(imported: Imported) -> list[str]:
    return [part.name for part in imported.left_out if part.name != "stream"]


@pytest.mark.parametrize("indent", ["  ", "        ", "\t"])
def test_an_indented_piece_keeps_the_blanks_that_stand_in_its_texts(indent: str) -> None:
    lines = ('S = """', "Be brief.", "  - kind", '"""', CALL)
    text = "\n".join(indent + line for line in lines)
    assert system_of(text) == f"\n{indent}Be brief.\n{indent}  - kind\n{indent}"
    assert system_of(f"# first\n\n{text}") == system_of(text)


def test_a_text_may_stand_further_left_than_the_indented_code_around_it() -> None:
    assert system_of(f'    S = """a\nb"""\n    {CALL}') == "a\nb"


def test_an_error_in_an_indented_piece_has_its_own_line() -> None:
    with pytest.raises(ImportingError, match=r"error in line 2\.$"):
        read_request(f"    {CALL}\n    x = = 1")
    with pytest.raises(ImportingError, match="less indentation"):
        read_request(f"    {CALL}\nx = 1")


@pytest.mark.parametrize(
    "magic",
    [
        "!pip install -q anthropic",
        "%pip install anthropic",
        "%matplotlib inline\n%load_ext autoreload",
        "files = !ls",
        "home = %env HOME",
        "anthropic.Anthropic?",
        "?client",
        "!echo it's",
        "for name in names:\n    !echo {name}",
        "if x:\n    %cd sub",
        "!curl x \\\n  -H y \\\n  -d z",
    ],
)
def test_lines_of_a_notebook_alter_no_text(magic: str) -> None:
    text = 'S = """a\n!important\n%d of 3\nb?\n"""'
    for source in (f"{magic}\n{text}\n{CALL}", f"{text}\n{magic}\n{CALL}"):
        assert system_of(source) == "a\n!important\n%d of 3\nb?\n"


def test_a_timed_call_is_read() -> None:
    assert system_of(f"S = 'a'\n%time r = {CALL}") == "a"
    assert system_of(notebook("S = 'a'", f"%%time\nr = {CALL}")) == "a"


@pytest.mark.parametrize(
    "magic",
    [
        "S = !cat s",
        "S = %env S",
        "%run s.py",
        "%store -r",
        "%store -r R S",
        "%store S",
        "%reset -f",
    ],
)
def test_what_a_notebook_line_may_bind_is_not_known(magic: str) -> None:
    assert system_of(f"S = 'a'\n{magic}\n{CALL}") in ("{{S}}", "{{system}}")


@pytest.mark.parametrize("line", ["%run s.py", "%store -r", "from s import *"])
def test_a_name_is_known_that_is_bound_below_what_may_bind_any(line: str) -> None:
    assert system_of(f"{line}\nS = 'a'\n{CALL}") == "a"
    assert system_of(f"{line}\ndef ask():\n    S = 'a'\n    return {CALL}") == "a"
    assert system_of(f"for x in y:\n    {line}\nS = 'a'\n{CALL}") != "a"
    assert system_of(f"S = 'a'\n{line}\n{CALL}") != "a"


def test_json_is_the_module_that_is_imported_by_its_name() -> None:
    body = '{"model": "m", "messages": [{"role": "user", "content": "Hi"}], "system": "a"}'
    post = f"requests.post('/v1/messages', data=json.dumps({body}))"
    assert system_of(f"import json\nfrom helpers import *\n{post}") == "a"
    with pytest.raises(ImportingError):
        read_request(f"from helpers import *\n{post}")


def test_what_a_cell_captures_is_not_known() -> None:
    assert system_of(notebook("S = 'a'", "%%capture S\nprint(1)", CALL)) == "{{S}}"


def test_a_cell_that_is_no_python_never_ran_and_is_listed() -> None:
    found = read_request(notebook("print 'old'", "S = 'a'", "S = 'b'\nx = (", CALL))
    assert found.request.prompt.system == "a"
    assert names(found) == ["Cell 1", "Cell 3"]
    with pytest.raises(ImportingError, match=r"^Cell 2: .* error in line 1\.$"):
        read_request(notebook("S = 'a'", f"{CALL} x"))


def test_a_cell_may_be_indented_as_a_whole() -> None:
    assert system_of(notebook("S = 'a'", f"  x = 1\n  {CALL}")) == "a"


def test_very_many_lines_of_a_notebook_take_a_bounded_time() -> None:
    began_s = time.process_time()
    with pytest.raises(ImportingError):
        read_request("x = 1\n!ls\n" * 15_000 + CALL)
    assert time.process_time() - began_s < 20


@pytest.mark.parametrize(
    ("first", "more"),
    [(">>> ", "... "), ("In [1]: ", "   ...: "), ("    >>> ", "    ... ")],
)
def test_what_was_typed_at_a_prompt_keeps_its_blanks(first: str, more: str) -> None:
    typed = (
        f'{first}S = """a  \n{more}  b\n{more.rstrip()}\n{more}"""\n{first}{CALL}\nMessage(id=1)'
    )
    assert system_of(typed) == "a  \n  b\n\n"
    assert system_of(f"\n \n{typed}") == "a  \n  b\n\n"


@pytest.mark.parametrize("before", ["1. Do this:\n\n", ""])
def test_a_block_of_markdown_loses_the_indentation_of_its_fence_alone(before: str) -> None:
    block = f'   ```python\n   S = """a\n     b\n   """\n   {CALL}\n   ```\n'
    assert system_of(before + block) == "a\n  b\n"
