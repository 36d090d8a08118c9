"""The answers: cards, streaming text, timeline, outcome, votes."""
