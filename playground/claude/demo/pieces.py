"""Reads the corpus: short answers written for this project, grouped by what they answer.

A file opens with `% its topic`. A line `# words of the question` begins a group of
answers, alternatives apart from each other by a line `---`, the best first.
"""

from dataclasses import dataclass
from pathlib import Path

from playground.claude.demo.tokens import tokens

CORPUS = Path(__file__).parent / "corpus"


@dataclass(frozen=True, slots=True)
class Piece:
    """One answer. `rank` counts the alternatives before it; 0 is the best."""

    topic: str
    asked: str
    rank: int
    text: str
    tokens: tuple[str, ...]


def read_pieces(folder: Path = CORPUS) -> tuple[Piece, ...]:
    """Every piece of the corpus, in the order of the files and their lines."""
    return tuple(
        piece
        # Sorted, because file systems list a folder in any order, which would change the answers.
        for path in sorted(folder.glob("*.md"))
        for piece in _pieces(path.read_text(encoding="utf-8"))
    )


def _pieces(text: str) -> list[Piece]:
    title, _, rest = text.partition("\n")
    topic = title.removeprefix("%").strip()
    pieces = []
    for group in f"\n{rest}".split("\n# ")[1:]:
        question, _, answers = group.partition("\n")
        for rank, answer in enumerate(answers.split("\n---\n")):
            answer = answer.strip("\n")
            pieces.append(Piece(topic, question, rank, answer, tuple(tokens(answer))))
    return pieces
