"""One self-contained HTML page to pass on: no script, nothing loaded, every text escaped.

What comes from a model, a person or a server goes through `text` or `exact`, and only so.
"""

import html
from collections.abc import Sequence

CSP = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
    "base-uri 'none'; form-action 'none'"
)
STYLE = """
:root { color-scheme: light dark; --ink: #262730; --quiet: #62656f; --paper: #fff;
  --panel: #f6f7f9; --line: #d9dce3; --A: #0068c9; --B: #b35900; --C: #14803c;
  --D: #803df5; --E: #c8252c; --F: #8a6d00; --good: #14803c; --bad: #c8252c; }
@media (prefers-color-scheme: dark) { :root { --ink: #fafafa; --quiet: #a8acb8;
  --paper: #0e1117; --panel: #1a1d26; --line: #3b3f4b; --A: #60b4ff; --B: #ffbd45;
  --C: #5ce488; --D: #b27eff; --E: #ff6c6c; --F: #ffe66d; --good: #5ce488; --bad: #ff6c6c; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.5rem 1rem; max-width: 100rem; color: var(--ink);
  background: var(--paper); font: 16px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.4rem; margin: 0; } h2 { font-size: 1.05rem; margin: 1.5rem 0 .5rem; }
h3 { font-size: .9rem; margin: .9rem 0 .2rem; }
p { margin: .2rem 0; } .quiet { color: var(--quiet); font-size: .9rem; }
.exact { white-space: pre-wrap; overflow-wrap: anywhere; overflow: hidden; tab-size: 4; }
.answer { margin: .6rem 0; }
.code { font: .85rem/1.45 ui-monospace, monospace; }
.panel { border: 1px solid var(--line); border-radius: .5rem; padding: .6rem .8rem;
  margin: .4rem 0; background: var(--panel); overflow-wrap: anywhere; }
.columns { display: grid; gap: 1rem; align-items: start;
  grid-template-columns: repeat(auto-fit, minmax(min(100%, 20rem), 1fr)); }
.card { border: 1px solid var(--line); border-top: 4px solid var(--hue, var(--line));
  border-radius: .5rem; padding: .8rem; min-width: 0; }
.letter { color: var(--hue, inherit); font-weight: 700; }
.demo { border: 1px solid currentColor; border-radius: 1rem; padding: 0 .5rem;
  font-size: .8rem; color: var(--D); white-space: nowrap; }
.A { --hue: var(--A); } .B { --hue: var(--B); } .C { --hue: var(--C); }
.D { --hue: var(--D); } .E { --hue: var(--E); } .F { --hue: var(--F); }
.scroll { overflow-x: auto; } table { border-collapse: collapse; font-size: .9rem; }
th, td { text-align: left; vertical-align: top; padding: .25rem .6rem .25rem 0;
  border-bottom: 1px solid var(--line); overflow-wrap: anywhere; }
.matrix { width: 100%; } .matrix td { min-width: 14rem; padding-right: 1rem; }
.matrix th { min-width: 8rem; } .matrix .quiet, .value { font-weight: normal; }
.run + .run { border-top: 1px dashed var(--line); margin-top: .5rem; padding-top: .3rem; }
.matrix thead th { border-top: 4px solid var(--hue, transparent); }
.passed { color: var(--good); } .failed, .error { color: var(--bad); }
.verdict { font-weight: 700; }
summary { cursor: pointer; } svg { max-width: 100%; height: auto; }
@media print { body { padding: 0; max-width: none; font-size: 12px; }
  .card, .panel { background: none; } tr, .panel { break-inside: avoid; }
  .scroll { overflow: visible; } .matrix td, .matrix th { min-width: 0; }
  details::details-content { content-visibility: visible; block-size: auto; }
  summary { list-style: none; font-weight: 700; } }
"""
LETTERS = frozenset("ABCDEF")


def text(value: object) -> str:
    """A text for the page, between tags or in an attribute; none of it is markup."""
    # A parser drops NUL without a word.
    clean = str(value).replace("\0", "\ufffd").encode("utf-8", "replace").decode()
    # A parser makes a carriage return a line feed, unless it is written as a number.
    return html.escape(clean).replace("\r", "&#13;")


def exact(value: str, kind: str = "") -> str:
    """A long text as it is, line by line; its own direction of writing stays inside."""
    return f'<div class="exact {kind}" dir="auto">{text(value)}</div>'


def folded(title: str, content: str) -> str:
    """Markup that shows only when its title is pressed."""
    return f'<details class="panel"><summary>{text(title)}</summary>{content}</details>'


def table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """A table of plain texts."""
    heads = "".join(f"<th>{text(cell)}</th>" for cell in head)
    lines = "".join(
        "<tr>" + "".join(f"<td>{text(cell)}</td>" for cell in row) + "</tr>" for row in rows
    )
    return (
        '<div class="scroll"><table>'
        f"<thead><tr>{heads}</tr></thead><tbody>{lines}</tbody></table></div>"
    )


def hue(letter: str) -> str:
    """The class that gives a variant its colour; of a foreign letter none."""
    return letter if letter in LETTERS else ""


def document(title: str, content: str) -> str:
    """The page around markup that was made by this module's functions."""
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{CSP}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="referrer" content="no-referrer">'
        f"<title>{text(title)}</title><style>{STYLE}</style></head>"
        f"<body>{content}</body></html>\n"
    )
