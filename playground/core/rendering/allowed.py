"""The tags and attributes that a rendered answer may hold, and the guard that keeps to them.

The browser gets the same list, as JSON, and checks once more before anything enters the page.
"""

import html
import json
import re
from collections.abc import Mapping
from types import MappingProxyType

ANY = ".*"
# No colon, slash, bracket or quote: a value can be neither an address nor a function of CSS.
# Spelled out, here and below: to Python `\w` and `\d` are more than to JavaScript, which reads the
# same patterns.
MATH_VALUE = r"[#A-Za-z0-9_ .%+\-]*"
_NOTHING: Mapping[str, str] = {}
_BLOCK = {"dir": "auto", "class": "definition"}
_CELL = {"class": "align-(?:left|right|center)"}
# Without semantics, annotation-xml, maction and mglyph: a parser takes HTML within some of them,
# which is how sanitizers are passed, and the converter writes none of them.
_MATH_TAGS = [
    "mrow",
    "mi",
    "mn",
    "mo",
    "mtext",
    "ms",
    "mspace",
    "mfrac",
    "msqrt",
    "mroot",
    "msup",
    "msub",
    "msubsup",
    "munder",
    "mover",
    "munderover",
    "mtable",
    "mtr",
    "mtd",
    "mlabeledtr",
    "mstyle",
    "mpadded",
    "mphantom",
    "mfenced",
    "menclose",
    "mmultiscripts",
    "mprescripts",
    "none",
]
_MATH_ATTRIBUTES = [
    "mathvariant",
    "mathcolor",
    "mathsize",
    "stretchy",
    "fence",
    "separator",
    "form",
    "accent",
    "accentunder",
    "columnalign",
    "rowspacing",
    "columnspacing",
    "columnlines",
    "rowlines",
    "linethickness",
    "displaystyle",
    "scriptlevel",
    "width",
    "height",
    "depth",
    "lspace",
    "rspace",
    "minsize",
    "maxsize",
    "notation",
    "movablelimits",
]
_OF_MATH = dict.fromkeys(_MATH_ATTRIBUTES, MATH_VALUE)

# No id and no name: an element of an answer could be found in place of one that a script looks up.
ALLOWED: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        **dict.fromkeys(("p", "ul", "blockquote", "table"), _BLOCK),
        **dict.fromkeys(("h1", "h2", "h3", "h4", "h5", "h6"), _BLOCK),
        **dict.fromkeys(("em", "strong", "s", "hr", "thead", "tbody", "tr"), _NOTHING),
        **dict.fromkeys(("ins", "del"), _NOTHING),
        **dict.fromkeys(("th", "td"), _CELL),
        **dict.fromkeys(_MATH_TAGS, _OF_MATH),
        # Formulas run from left to right also in a text that does not.
        "math": {**_OF_MATH, "display": "block|inline", "dir": "ltr"},
        # Nine digits are CommonMark's limit: with ten, some browsers overflow.
        "ol": {"dir": "auto", "class": "wide|widest", "start": r"[0-9]{1,9}"},
        "li": {"value": r"[0-9]{1,9}", "data-marker": r"[0-9]{1,9}[.)]"},
        "div": {**_BLOCK, "class": "scroll|footnote"},
        "sup": {"class": "footnote"},
        # The box of a task list, which nobody can use: an answer must not ask for input.
        "input": {
            "type": "checkbox",
            "disabled": "",
            "checked": "",
            "aria-label": "done|to do",
        },
        "figure": {"class": "code", "data-language": ANY},
        "button": {"type": "button", "class": "copy", "aria-label": "Copy code"},
        # Long lines scroll in their box, which a keyboard reaches only with a tabindex.
        "pre": {"tabindex": "0", "dir": "ltr|auto", "class": "as-written"},
        "code": {"class": "math"},
        # Pygments' names have up to three characters; a longer one could be a class of the page.
        "span": {"class": "[a-z][a-z0-9]{0,2}"},
        "a": {
            # None without a scheme: it would lead into this app, or to what its host answers.
            "href": r"(?:https?://|mailto:)[^\s<>]*",
            "title": ANY,
            "target": "_blank",
            "rel": "noopener noreferrer nofollow",
        },
    }
)
"""For each tag its attributes, for each attribute a pattern that its whole value matches. The
patterns mean the same in Python and in JavaScript (flags `su`, anchored at both ends)."""

EMPTY = frozenset({"hr", "input"})
"""Tags that have no end."""

# The renderer's own way of writing and nothing else, so that no browser can read it differently.
_PIECE = re.compile(
    r"(?P<text>(?:[^<>&]|&(?:amp|lt|gt|quot|#x27);)+)"
    r"|</(?P<closed>[a-z][a-z0-9]*)>"
    r'|<(?P<opened>[a-z][a-z0-9]*)(?P<attributes>(?: [a-z-]+="[^"<>]*")*)>'
)
_ATTRIBUTE = re.compile(r' ([a-z-]+)="([^"]*)"')
_VALUES = {
    tag: {name: re.compile(pattern, re.DOTALL) for name, pattern in attributes.items()}
    for tag, attributes in ALLOWED.items()
}


def as_json() -> str:
    """The list as JSON, for the same guard in the browser: `tags` and `empty`."""
    tags = {tag: dict(attributes) for tag, attributes in ALLOWED.items()}
    return json.dumps({"tags": tags, "empty": sorted(EMPTY)})


def fault(rendered: str) -> str | None:
    """What a piece of HTML holds that it must not, in words; None where all is allowed and every
    tag that is opened is closed."""
    opened: list[str] = []
    at = 0
    while at < len(rendered):
        piece = _PIECE.match(rendered, at)
        if piece is None:
            return f"not readable at {at}"
        at = piece.end()
        if tag := piece["opened"]:
            if reason := _fault_of_tag(tag, piece["attributes"]):
                return reason
            if tag not in EMPTY:
                opened.append(tag)
        elif tag := piece["closed"]:
            if not opened or opened.pop() != tag:
                return f"</{tag}> closes nothing"
    return f"<{opened[-1]}> stays open" if opened else None


def _fault_of_tag(tag: str, attributes: str) -> str | None:
    values = _VALUES.get(tag)
    if values is None:
        return f"<{tag}>"
    for name, value in _ATTRIBUTE.findall(attributes):
        # Unescaped first, as a browser does before it uses the value.
        if name not in values or not values[name].fullmatch(html.unescape(value)):
            return f"<{tag} {name}>"
    return None
