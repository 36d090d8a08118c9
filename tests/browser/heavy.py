"""Answers on which a browser chokes when they are drawn as Markdown."""

import asyncio

from fake_api import block, delta, end, start

MARK = "́̃̈"


def nested_list(depth):
    return "\n".join("  " * level + f"- level {level}" for level in range(depth))


HEAVY = {
    "quotes 5,000 deep": ">" * 5_000 + " deep",
    "a list 400 deep": nested_list(400),
    "brackets 5,000 deep": "[" * 5_000 + "x" + "]" * 5_000,
    "emphasis 5,000 deep": "*a **b _c __d " * 2_500,
    "backticks of every length": " ".join("`" * (n % 300) for n in range(2_000)),
    "a table of 40,000 cells": "|" + "a|" * 200 + "\n|" + "-|" * 200 + ("\n|" + "b|" * 200) * 200,
    "many tables": ("| a | b |\n|---|---|\n" + "| 1 | 2 |\n" * 8 + "\n") * 500,
    "100,000 combining marks": "a" + MARK * 33_000,
    "combining marks between letters": ("e" + MARK * 3) * 10_000,
    "200,000 words": "word " * 200_000,
    "one word of 300,000 letters": "w" * 300_000,
    "5,000 links": "[a](https://example.org/x) " * 5_000,
    "5,000 bare addresses": "https://example.org/a_b*c " * 5_000,
    "3,000 footnotes": "".join(f"[^{n}] " for n in range(3_000))
    + "\n\n"
    + "".join(f"[^{n}]: note\n" for n in range(3_000)),
    "4,000 formulas": "$x_{1}^{2}$ " * 4_000,
    "a formula 300 deep": "$$" + r"\frac{1}{" * 300 + "x" + "}" * 300 + "$$",
    "5,000 shortcodes": ":smile: :material/home: :red[x] " * 1_700,
    "3,000 headings": "".join(f"# Heading {n}\n\n" for n in range(3_000)),
    "2,000 code blocks": "```python\nx = 1\n```\n\n" * 2_000,
    "20,000 lines of code": "```python\n" + "x = [1, 'a', None]  # b\n" * 20_000 + "```\n",
    "10,000 paragraphs": "short\n\n" * 10_000,
    "tags 5,000 deep": "<div>" * 5_000 + "x",
    "a diagram with 2,000 edges": "```mermaid\ngraph TD\n" + "a-->b\n" * 2_000 + "```\n",
    "right-to-left overrides": "‮abc‬" * 20_000,
}

OF_EACH_KIND = [
    "quotes 5,000 deep",
    "a table of 40,000 cells",
    "100,000 combining marks",
    "one word of 300,000 letters",
    "5,000 bare addresses",
    "4,000 formulas",
    "10,000 paragraphs",
    "20,000 lines of code",
]

PIECES = 8


class Pieces:
    """Streams each of these texts to one request, and keeps them open until `go_on`."""

    def __init__(self, texts):
        self._todo = list(texts)
        self._goes_on = asyncio.Event()
        self.go_on = self._goes_on.set

    async def stream(self, api, seen, writer):
        text = self._todo.pop()
        await api.open(writer)
        await api.send(writer, start() + block())
        size = len(text) // PIECES + 1
        for at in range(0, len(text), size):
            await api.send(writer, delta(text[at : at + size]))
            await asyncio.sleep(0.1)
        await self._goes_on.wait()
        await api.send(writer, delta("\n\nthe end") + end())
        writer.write(b"0\r\n\r\n")
        await writer.drain()


def click_retry(screen):
    """Click what unfolds the retry policy, and wait until the page has done it."""
    retry = screen.page.locator(".st-key-retry details")
    was_open = retry.get_attribute("open") is not None
    retry.locator("summary").click()
    # `expect` describes the whole page each time that it finds no such element: a minute, here.
    screen.at("attempts").wait_for(state="hidden" if was_open else "visible")
