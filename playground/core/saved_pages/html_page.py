"""One self-contained HTML page to pass on: no script, nothing loaded, every text escaped.

The markup stands in the templates beside this file. Jinja escapes whatever a template prints, but
what a model said, which the one renderer of answers makes safe; `clean` repairs what an HTML
parser would change without a word.
"""

from functools import cache
from pathlib import Path

import jinja2
from markupsafe import Markup, escape

from playground.core.rendering.allowed import fault
from playground.core.rendering.markdown import STYLE_FILE

# 'unsafe-inline' is for the style sheet, which stands in the page; nothing is loaded.
CSP = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
    "base-uri 'none'; form-action 'none'"
)
LETTERS = frozenset("ABCDEF")
FOLDER = Path(__file__).parent


def render(template: str, **values: object) -> str:
    """The page that a template of this folder makes of these values."""
    return _templates().get_template(template).render(values)


@cache
def _templates() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(FOLDER),
        autoescape=True,
        # A name misspelt in a template must fail rather than print nothing.
        undefined=jinja2.StrictUndefined,
        finalize=clean,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style = "".join(file.read_text("utf-8") for file in (FOLDER / "style.css", STYLE_FILE))
    environment.globals |= {"csp": CSP, "style": Markup(style)}  # noqa: S704 (our own files)
    environment.filters |= {"hue": hue, "rendered": rendered}
    return environment


def clean(value: object) -> object:
    """What a template prints, as text that a browser reads back unchanged: a parser drops NUL,
    and makes a carriage return a line feed unless it is written as a number."""
    if isinstance(value, Markup):
        return value
    whole = str(value).replace("\0", "\ufffd").encode("utf-8", "replace").decode()
    return escape(whole).replace("\r", Markup("&#13;"))


def rendered(html: str) -> Markup:
    """HTML that the renderer of answers made, and nothing else, with its style sheet's class."""
    if problem := fault(html):
        raise ValueError(f"not made by the renderer: {problem}")
    return Markup(f'<div class="rendered">{html}</div>')  # noqa: S704 (just looked at)


def hue(letter: str) -> str:
    """The class that gives a variant its colour; none for a letter that is no variant's."""
    return letter if letter in LETTERS else ""
