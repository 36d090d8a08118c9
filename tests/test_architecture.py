"""The arrows of the design, kept by reading the imports."""

import ast
from collections import defaultdict
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "playground"
FILES = sorted(PACKAGE.rglob("*.py"))
# What each part may import of the project; `ui/session/services.py` alone joins claude and store.
ALLOWED = {
    "core": {"core"},
    "claude": {"core", "claude"},
    "store": {"core", "store"},
    "engine": {"core", "engine"},
    "experiments": {"core", "engine", "experiments"},
    "batches": {"core", "engine", "experiments", "batches"},
    "settings": {"core"},
    "__main__": {"ui"},
    "ui": {"core", "engine", "experiments", "batches", "settings", "ui"},
}
JOINER = PACKAGE / "ui" / "session" / "services.py"
OWNERS = {
    "streamlit": {"ui"},
    "anthropic": {"claude"},
    "httpx2": {"claude"},
    "tenacity": {"claude", "store"},
    "sqlalchemy": {"store"},
    "sqlite3": {"store"},
    "psycopg": {"store"},
    "genai_prices": {"core"},
}
FORBIDDEN_NAMES = {"utils", "helpers", "common", "base", "manager"}


@cache
def tree_of(path):
    return ast.parse(path.read_text("utf-8"))


@cache
def nodes_of(path):
    return [*ast.walk(tree_of(path))]


def part_of(path):
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports_of(path):
    for node in nodes_of(path):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield node.module
            if node.module == "playground":
                yield from (f"playground.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_point_inward(path):
    part = part_of(path)
    if part == "__init__":
        return
    allowed = ALLOWED[part] | ({"claude", "store"} if path == JOINER else set())
    for name in imports_of(path):
        first, *rest = name.split(".")
        if first == "playground" and rest:
            assert rest[0] in allowed, f"{path.name} imports {name}"
        if first in OWNERS:
            assert part in OWNERS[first], f"{path.name} imports {name}"


def folders_imported(path, package):
    """Wherever in the file they are: an import within a function is one, too."""
    for node in nodes_of(path):
        if not isinstance(node, ast.Import | ast.ImportFrom):
            continue
        for alias in node.names:
            name = f"{node.module}.{alias.name}" if isinstance(node, ast.ImportFrom) else alias.name
            first, *rest = name.split(".")
            if first == package.name:
                place = package.joinpath(*rest)
                yield next(folder for folder in (place, *place.parents) if folder.is_dir())


def circle_in(package):
    """The folders that import each other in a circle, or None. The package's own modules have no
    subject: settings are read everywhere."""
    imports = defaultdict(list)
    for path in sorted(package.rglob("*.py")):
        imports[path.parent] += sorted({*folders_imported(path, package)} - {path.parent, package})
    del imports[package]
    try:
        TopologicalSorter(imports).prepare()
    except CycleError as error:
        _, circle = error.args  # each is imported by the next
        names = [folder.relative_to(package).as_posix() for folder in circle]
        return " imports ".join(reversed(names))
    return None


def test_no_folders_import_each_other_in_a_circle():
    assert circle_in(PACKAGE) is None


def test_a_circle_of_folders_is_named_even_where_a_function_closes_it(tmp_path):
    package = tmp_path / "playground"
    for name, text in {
        "settings.py": "from playground.ui.runs.running import run",
        "ui/runs/running.py": "import playground.settings\nimport playground.ui.money.spending",
        "ui/money/spending.py": "from playground.ui.session import state",
        "ui/session/state.py": "",
    }.items():
        (package / name).parent.mkdir(parents=True, exist_ok=True)
        (package / name).write_text(text, "utf-8")
    assert circle_in(package) is None
    late = package / "ui" / "session" / "late.py"
    late.write_text("def f():\n    from playground.ui.runs.running import run", "utf-8")
    circle = "ui/money imports ui/session imports ui/runs imports ui/money"
    assert circle_in(package) == circle


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_insides_of_streamlit_and_uvicorn_are_leaned_on_in_one_module(path):
    if path.name == "streamlit_insides.py":
        return
    insides = {
        name
        for name in imports_of(path)
        if name.split(".")[0] == "streamlit"
        and name not in ("streamlit", "streamlit.errors", "streamlit.delta_generator")
    }
    assert not insides
    if "ui" in path.parts:
        assert "uvicorn" not in {*imports_of(path)}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_functions_stay_small_and_modules_are_well_named(path):
    assert not FORBIDDEN_NAMES & set(path.stem.split("_"))
    assert len(path.relative_to(PACKAGE).parts) <= 3
    assert ast.get_docstring(tree_of(path)), "a module opens with what it is"
    for node in nodes_of(path):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno - node.lineno < 60, node.name


@cache
def calls_of(path):
    return [(ast.unparse(n.func), n) for n in nodes_of(path) if isinstance(n, ast.Call)]


PAGE = [*FILES, ROOT / "streamlit_app.py"]


@pytest.mark.parametrize("path", PAGE, ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_shows_a_toast_or_draws_its_own_number_input(path):
    """A toast covers the buttons, and one of a callback takes the place of an open dialog, which
    ends the page's script. A number input shows what it does not send, and a date input puts
    another day in the place of one that it can't read."""
    called = {name for name, _ in calls_of(path)}
    assert not called & {"st.toast", "st.number_input", "st.date_input"}


@pytest.mark.parametrize("path", PAGE, ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_draws_html_or_tracebacks_or_unpickles_or_writes_the_environment(path):
    forbidden = {"st.html", "st.exception", "st.iframe", "pickle.loads", "yaml.load", "os.putenv"}
    for name, node in calls_of(path):
        assert name not in forbidden, f"{path.name} calls {name}"
        assert "unsafe_allow_html" not in {keyword.arg for keyword in node.keywords}
    assert "os.environ[" not in path.read_text("utf-8")


def test_one_module_alone_makes_normal_forms():
    """Python's own takes minutes for what any visitor can send, while nothing else runs."""
    makers = {
        path.relative_to(PACKAGE).as_posix()
        for path in FILES
        for name, _ in calls_of(path)
        if name == "unicodedata.normalize"
    }
    assert makers == {"core/text/normal_forms.py"}


@pytest.mark.parametrize("path", PAGE, ids=lambda path: str(path.relative_to(ROOT)))
def test_streamlits_session_id_is_never_touched(path):
    text = path.read_text("utf-8")
    assert "session_id" not in text
    assert "get_script_run_ctx" not in text


def test_no_shared_cache_takes_a_key_or_a_prompt():
    for path in FILES:
        for node in nodes_of(path):
            if isinstance(node, ast.FunctionDef) and any(
                "cache_" in ast.unparse(decorator) for decorator in node.decorator_list
            ):
                names = {argument.arg for argument in node.args.args}
                assert not names & {"key", "prompt", "request", "text"}, f"{path.name}:{node.name}"


def test_what_holds_for_a_request_is_decided_in_one_place():
    """Caps, gate, budget and allowed fields: a context made elsewhere could leave one out."""
    makers = {
        path.relative_to(PACKAGE).as_posix()
        for path in FILES
        for name, _ in calls_of(path)
        if name == "RunContext"
    }
    assert makers == {"ui/runs/running.py"}


def test_only_state_writes_the_session():
    for path in (PACKAGE / "ui").rglob("*.py"):
        if path.stem.split("_")[-1] == "state":
            continue
        for node in nodes_of(path):
            if isinstance(node, ast.Assign):
                for target in node.targets:
                    assert "st.session_state" not in ast.unparse(target), f"{path.name}"


CALLBACKS = {"running.py", "starting.py", "submitting.py", "definition.py"}
"""Modules of what buttons do."""


def test_what_a_button_does_draws_nothing():
    """Drawn from a callback it takes the place of an open dialog, which ends the page's script."""
    for path in (PACKAGE / "ui").rglob("*.py"):
        if path.name in CALLBACKS or path.stem.endswith("_state"):
            called = {name for name, _ in calls_of(path) if name.startswith("st.")}
            drawn = {
                name for name in called if not name.startswith(("st.session_state", "st.context"))
            }
            assert drawn - {"st.rerun"} == set(), path.name


def test_the_page_is_a_table_of_contents():
    for path in (ROOT / "streamlit_app.py", PACKAGE / "ui" / "page" / "page.py"):
        assert path.read_text("utf-8").count("\n") <= 60
