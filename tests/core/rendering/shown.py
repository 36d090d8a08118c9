"""What a person reads of a piece of HTML, and what it is made of."""

from html.parser import HTMLParser


class Shown(HTMLParser):
    """The text of a piece of HTML, the text within tags of each name, its attributes, and what
    stands before the items of its numbered lists."""

    def __init__(self, rendered):
        super().__init__(convert_charrefs=True)
        self.text, self.of_tag, self.attributes, self._open = "", {}, [], []
        self.markers, self._lists = [], []
        self.feed(rendered)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.attributes += [(tag, name, value) for name, value in attrs]
        self.of_tag.setdefault(tag, []).append("")
        if tag not in ("hr", "input"):
            self._open.append((tag, len(self.of_tag[tag]) - 1))
        values = dict(attrs)
        if tag in ("ol", "ul"):
            self._lists.append(int(values.get("start", 1)) if tag == "ol" else None)
        if tag == "li" and self._lists[-1] is not None:
            number = int(values.get("value", self._lists[-1]))
            self._lists[-1] = number + 1
            self.markers.append(values.get("data-marker", f"{number}."))
        if tag in ("p", "li", "pre", "h1", "h2", "h3", "td", "th", "math", "div", "hr"):
            self.text += "\n"

    def handle_endtag(self, tag):
        if tag in ("ol", "ul"):
            self._lists.pop()
        self._open.pop()

    def handle_data(self, data):
        self.text += data
        for tag, at in self._open:
            self.of_tag[tag][at] += data


def words(text):
    """A text without the spaces and line feeds that layout takes the place of."""
    return "".join(text.split())
