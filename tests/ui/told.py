"""What a browser knows of a page's answers from the messages that it was told (answers.js)."""

import html
import re
from dataclasses import dataclass, field


@dataclass
class Block:
    """One part of an answer; `pieces` are HTML."""

    kind: str = ""
    title: str = ""
    notes: tuple = ()
    pieces: list = field(default_factory=list)

    @property
    def text(self):
        """What can be read of it, a line for each element that begins one."""
        spaced = re.sub(r"</(?:p|li|pre|h\d|tr)>", "\n", "\n".join(self.pieces))
        return html.unescape(re.sub(r"<[^>]*>", "", spaced)).strip()


@dataclass
class Card:
    head: dict
    said: dict = field(default_factory=dict)
    blocks: dict = field(default_factory=dict)

    @property
    def name(self):
        return self.head["name"]

    @property
    def tools(self):
        """What its buttons do, those that are off included."""
        return {what: is_off for tools in self.said["tools"].values() for what, *_, is_off in tools}

    @property
    def answer(self):
        """What can be read of the answer."""
        return "\n".join(block.text for _, block in sorted(self.blocks.items()))

    @property
    def lines(self):
        """What the card says, line by line, without its answer."""
        said = self.said
        found = [said["status"] + said.get("detail", ""), said["numbers"], said.get("blocked", "")]
        if outcome := said.get("outcome"):
            found.append(f"{outcome['title']} · {outcome['happened']}")
            found += [f"Next {outcome['next']}", outcome["message"]]
            found += [f"{name} {words}".strip() for name, words in outcome["lines"]]
        return [self.head["asked"], *filter(None, found)]

    def words(self):
        """All that the card says but for the answer."""
        said = {name: found for name, found in self.said.items() if name != "tools"}
        tools = [words for tools in self.said["tools"].values() for _, _, *words, _ in tools]
        return str((self.head, said, tools))


class Told:
    """Takes one message after the other; `cards` are those on the page, in order."""

    def __init__(self):
        self._cards = {}
        self._order = []
        self.changed = 0

    @staticmethod
    def read(texts):
        """What can be read of an answer that was told whole."""
        card = Card({})
        for patch in texts:
            _draw(card, *patch)
        return card.answer

    @property
    def cards(self):
        return [self._cards[card_id] for card_id in self._order]

    def take(self, news):
        for card_id, head in news.get("cards", {}).items():
            self._cards.setdefault(card_id, Card(head))
        if "order" in news:
            self._order = news["order"]
            self._cards = {card_id: self._cards[card_id] for card_id in self._order}
        for card_id, said in news.get("fields", {}).items():
            self._cards[card_id].said |= said
        for card_id, *patch in news.get("texts", []):
            _draw(self._cards[card_id], *patch)
        self.changed = news.get("changed", self.changed)


def _draw(card, at, about, count, patches):
    block = card.blocks.setdefault(at, Block())
    if about:
        block.kind, block.title, block.notes = about
    del block.pieces[count:]
    for which, kept, added in patches:
        if which == len(block.pieces):
            block.pieces.append("")
        units = block.pieces[which].encode("utf-16-le")[: 2 * kept]
        block.pieces[which] = units.decode("utf-16-le") + added
    assert len(block.pieces) == count
