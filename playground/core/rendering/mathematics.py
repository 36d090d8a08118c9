"""What is mathematics in a text, and mathematics as MathML."""

import html
import re
from collections import Counter
from xml.etree.ElementTree import Element

from latex2mathml.converter import Converter

from playground.core.rendering.allowed import ALLOWED
from playground.core.rendering.plain import attribute, escaped
from playground.core.text.normal_forms import normalized

LONGEST = 600
"""Characters of a formula: the converter takes up to 20 ms for so many."""

_TAGS = re.compile(r"<[^>]*>")
_COMMAND = re.compile(r"\\[A-Za-z]+")
_WORDS = re.compile(r"[A-Za-z]{2,}[ ,;:]+[A-Za-z]{2,}")
_WORD = re.compile(r"(?<![A-Za-z])[A-Za-z]{2,}(?![A-Za-z(])")
_VARIABLE = re.compile(r"\{?[A-Z_][A-Z0-9_]{2,}")
_NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d+)*")
_AMOUNT = re.compile(r"[+-]?\d[\d.,]*(?: ?[-–/] ?\d|\s*[A-Za-z/]{2,}|[KMBkmb]\b| [a-z])")
# What TeX reads and does not show: commands, and the names and lengths that some of them take.
_UNSHOWN = re.compile(
    r"\\(?:begin|end)\*?\{[^{}]*\}(?:\[[^\[\]]*\])?(?:\{[lcr|@ \d]*\})?"
    r"|\\(?:text)?color(?:\[\w+\])?\{[^{}]*\}"
    r"|\\(?:[hvm]space|m?kern|[hm]skip|rule)\*?(?:\s*\{?-?[\d.]+\s*[a-z]{2}\}?){1,2}"
    r"|\\(?:colorbox|unicode)\{[^{}]*\}|\\\\\[[^\[\]]*\]"
    r"|\\(?:[A-Za-z]+|.)",
    re.DOTALL,
)
_ENVIRONMENT = re.compile(r"(\\(?:begin|end)\s*\{([A-Za-z]+)\*?\})((?:\[[tbc]\])?(?:\{\d+\})?)")
_AS_ALIGN = (r"\begin{align*}", r"\end{align*}")
_AS_LINES = (r"\displaylines{", "}")
_INSTEAD = {
    **dict.fromkeys(("aligned", "alignedat", "alignat", "flalign"), _AS_ALIGN),
    **dict.fromkeys(("gather", "gathered", "multline", "multlined"), _AS_LINES),
    "eqnarray": (r"\begin{array}{rcl}", r"\end{array}"),
    "dcases": (r"\begin{cases}", r"\end{cases}"),
    "rcases": (r"\left.\begin{array}{l}", r"\end{array}\right\}"),
}
"""Environments that the converter does not know, and what it knows that looks the same."""
_CONVERTED = {
    "align", "array", "bmatrix", "Bmatrix", "cases", "equation", "matrix", "pmatrix",
    "smallmatrix", "split", "vmatrix", "Vmatrix",
}  # fmt: skip
_LENGTH_OF_BREAK = re.compile(r"(\\\\)\*?\s*\[\s*-?[\d.]+\s*[a-z]{2}\s*\]")
_CENTS = re.compile(r"\.\d")
_CURRENCY = re.compile(r"[^A-Za-z0-9][A-Z]{1,3}$")
_NO_BRACKET = re.compile(r"[^()\[\]]+")
_ESCAPED_SIGN = re.compile(r"\\([%&_#$])")
_THIN_SPACE = re.compile(r"\\[,:;]")
_ENDING = re.compile(r"(?:th|st|nd|rd|s|d)\b")
_FORMULA = re.compile(r"[\^_=+*/<>|!'()\[\]-]")


def reads_as_formula(source: str, after: str = "") -> bool:
    """Whether what stands between two dollar signs is mathematics, and neither a price, a variable
    of a shell nor words. `after` is what follows the second sign."""
    if not source.strip() or len(source) > LONGEST or source[0].isspace() or source[-1].isspace():
        return False
    # A letter right behind the sign is that of a price or a variable, but for `$n$th`.
    if after[:1].isalnum() and not (len(source) <= 3 and _ENDING.match(after)):
        return False
    # So is `$.50`, and the sign of `R$ 10` behind another price.
    if after[:1] in ("_", "(", "{", "$", "@", "#") or _CENTS.match(after):
        return False
    if source[0].isdigit() and _CURRENCY.search(source) and after[:2].strip().isdigit():
        return False
    if _COMMAND.search(source):
        return not _AMOUNT.match(source) or "\\%" not in source
    if _NUMBER.fullmatch(source):
        return True
    # Words in Chinese, Japanese or Korean between two prices are no formula.
    if not source.isascii() and any(letter.isalpha() for letter in source if letter > "\u3000"):
        return False
    if source[0].isdigit() and _WORD.search(source):
        return False
    if _VARIABLE.match(source) or _WORDS.search(source) or _AMOUNT.match(source):
        return False
    if re.search(r"""["`#@;&]|//|--|\*\*|\$|^\|\^""", source) or not _are_closed(source):
        return False
    bare = re.sub(r"[\s\d.,{}:]", "", _FORMULA.sub("", source))
    return bool(_FORMULA.search(source)) or len(bare) <= 2 or "," in source


def _are_closed(source: str) -> bool:
    """Whether no bracket is left open: what begins in `($5)` does not end in `(6$)`. In `[0, 1)`
    and `]0, 1[` one closes the other."""
    brackets = _NO_BRACKET.sub("", source)
    closing = sum(brackets.count(bracket) for bracket in ")]")
    return brackets[:1] != ")" and 2 * closing == len(brackets)


def is_in_brackets(source: str) -> bool:
    r"""Whether what `\[` and `\]` enclose is mathematics; `\[1\]` and `\[sic\]` are words."""
    if source[:1].isspace():
        return True
    return not source.isdigit() and reads_as_formula(source.strip())


def to_mathml(source: str, opening: str, closing: str, *, is_block: bool) -> str:
    """The formula as MathML; as it was written, marks included, where the converter stumbles."""
    display = "block" if is_block else "inline"
    try:
        if len(source) > LONGEST or source.count("{") > 150 or "\\style" in source:
            raise ValueError("not to be converted")
        mathml = _written(_converted(source, display))
        if not _tells_all_of(source, mathml):
            raise ValueError("it was not converted whole")
        return mathml
    # Its parser fails in more ways than it declares (IndexError, KeyError, RecursionError).
    except Exception:
        return f'<code class="math">{escaped(opening + source + closing)}</code>'


def _converted(source: str, display: str) -> Element:
    known = _ENVIRONMENT.sub(_instead, _LENGTH_OF_BREAK.sub(r"\1", source))
    element = Converter(display=display).convert_to_element(known)
    # Browsers break no line of MathML: lines are rows of a table.
    if any("linebreak" in space.attrib for space in element.iter("mspace")):
        element = Converter(display=display).convert_to_element(rf"\displaylines{{{known}}}")
    return element


def _instead(mark: re.Match[str]) -> str:
    """The beginning or end of an environment in the converter's own words: of one that it does not
    know it would show the content in one line, with each `&`."""
    whole, name, options = mark.groups()
    if name in _INSTEAD:
        return _INSTEAD[name][whole.startswith(r"\end")]
    if name not in _CONVERTED:
        raise ValueError(f"{name} is not known")
    return f"{whole}{options}"


def _tells_all_of(source: str, mathml: str) -> bool:
    """Whether each letter and digit is there: the converter drops comments, as `50% of x` begins
    one, and arguments of commands that it only half knows."""
    # A double-struck R is the `R` that it was made of.
    text = normalized("NFKC", html.unescape(_TAGS.sub("", mathml)))
    shown = Counter(normalized("NFKC", _UNSHOWN.sub(" ", source)))
    return not any(letter.isalnum() or letter == "%" for letter in shown - Counter(text))


def _written(element: Element) -> str:
    # Not by the converter's own writer: that one makes tags of what `\text{…}` holds.
    allowed = ALLOWED.get(element.tag)
    if allowed is None or (element.tag != "none" and element.tag[0] != "m"):
        raise ValueError(f"<{element.tag}> is not mathematics")
    if "linebreak" in element.attrib or element.text == "&":
        raise ValueError("rows and columns of no table")
    attributes = "".join(
        f' {name}="{attribute(value)}"'
        for name, value in element.attrib.items()
        if name in allowed and re.fullmatch(allowed[name], value)
    )
    inner = "".join(_written(child) + _text(child.tail) for child in element)
    text = _words(element.text or "") if element.tag == "mtext" else _text(element.text)
    return f"<{element.tag}{attributes}>{text}{inner}</{element.tag}>"


def _words(text: str) -> str:
    # The converter leaves what stands in `\text{…}` as it is, and ends it at `\}`.
    text = _THIN_SPACE.sub("\u2009", _ESCAPED_SIGN.sub(r"\1", text))
    if "\\" in text:
        raise ValueError(f"{text} is not only words")
    return escaped(html.unescape(text))


def _text(text: str | None) -> str:
    # A command that it does not know it leaves as it is, and forgets what follows.
    if text and len(text) > 1 and text[0] == "\\":
        raise ValueError(f"{text} is not known")
    # The converter writes its signs as character references.
    return escaped(html.unescape(text or ""))
