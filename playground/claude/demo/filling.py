"""Fills a JSON schema plausibly: the input of a tool, or a structured answer.

Not every keyword of JSON Schema is followed: those of the API's own subset are, and sizes.
"""

import random
from collections.abc import Callable, Mapping

from playground.core.text.json_text import Json, JsonObject

DEEPEST = 8
"""Levels of a schema; what lies deeper, as in one that contains itself, is left empty."""
FORMATS = {
    "date": "2026-11-29",
    "time": "12:00:00Z",
    "date-time": "2026-11-29T12:00:00Z",
    "email": "ann@example.com",
    "uri": "https://example.com/",
    "uuid": "00000000-0000-4000-8000-000000000000",
    "hostname": "example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "duration": "P1D",
}
LOWEST, HIGHEST = 1, 100

Schema = JsonObject
Words = Callable[[], str]
"""Gives some words for a text."""


def filled(schema: object, rng: random.Random, words: Words) -> Json:
    """A value of this schema."""
    root = schema if isinstance(schema, Mapping) else {}
    return _Filling(root, rng, words).value(root, 0)


class _Filling:
    def __init__(self, root: Schema, rng: random.Random, words: Words) -> None:
        self._root, self._rng, self._words = root, rng, words

    def value(self, schema: object, depth: int) -> Json:
        resolved = self._resolved(schema)
        if "const" in resolved:
            return resolved["const"]
        options = resolved.get("enum")
        if isinstance(options, list) and options:
            return self._rng.choice(options)
        for name in ("anyOf", "oneOf", "allOf"):
            inner = resolved.get(name)
            if isinstance(inner, list) and inner and depth < DEEPEST:
                rest = {key: value for key, value in resolved.items() if key != name}
                return self.value(rest | dict(self._resolved(inner[0])), depth + 1)
        return self._of_type(resolved, depth)

    def _resolved(self, schema: object) -> Schema:
        """What a reference within the schema names; an empty schema for any other."""
        # A reference can lead back to itself.
        for _ in range(DEEPEST):
            if not isinstance(schema, Mapping):
                return {}
            path = schema.get("$ref")
            if not isinstance(path, str):
                return schema
            schema = self._root
            for name in path.removeprefix("#").strip("/").split("/"):
                schema = schema.get(name) if isinstance(schema, Mapping) and name else schema
        return {}

    def _of_type(self, schema: Schema, depth: int) -> Json:
        kind = schema.get("type")
        if isinstance(kind, list):
            kind = next((name for name in kind if name != "null"), "null")
        if kind is None:
            kind = "object" if "properties" in schema else "string"
        match kind:
            case "object":
                return self._object(schema, depth)
            case "array":
                return self._array(schema, depth)
            case "integer" | "number":
                return self._number(schema, is_whole=kind == "integer")
            case "boolean":
                return self._rng.random() < 0.5
            case "null":
                return None
        return self._text(schema)

    def _object(self, schema: Schema, depth: int) -> dict[str, Json]:
        properties = schema.get("properties")
        if not isinstance(properties, Mapping) or depth >= DEEPEST:
            return {}
        return {name: self.value(inner, depth + 1) for name, inner in properties.items()}

    def _array(self, schema: Schema, depth: int) -> list[Json]:
        least = _whole(schema.get("minItems"), 1)
        most = max(least, _whole(schema.get("maxItems"), least + 1))
        count = 0 if depth >= DEEPEST else self._rng.randint(least, min(most, least + 2))
        return [self.value(schema.get("items"), depth + 1) for _ in range(count)]

    def _number(self, schema: Schema, *, is_whole: bool) -> int | float:
        low, high = _number(schema.get("minimum")), _number(schema.get("maximum"))
        low = (LOWEST if high is None else min(LOWEST, high)) if low is None else low
        high = max(low, HIGHEST) if high is None else high
        if is_whole:
            return self._rng.randint(round(low), max(round(low), round(high)))
        return round(self._rng.uniform(low, high), 2)

    def _text(self, schema: Schema) -> str:
        example = FORMATS.get(str(schema.get("format")))
        text = example if example is not None else self._words()
        text = text.ljust(_whole(schema.get("minLength"), 0), ".")
        return text[: _whole(schema.get("maxLength"), len(text))]


def _whole(value: object, otherwise: int) -> int:
    # A schema may ask for a million items or characters.
    return min(value, 1_000) if type(value) is int and value >= 0 else otherwise


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    # No number can be drawn between bounds that are NaN or too large for a float.
    return value if abs(value) < 10**15 else None
