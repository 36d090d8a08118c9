"""The list of models as the API describes them, built from the catalogue."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time

from playground.claude.demo.faults import ApiError, invalid
from playground.core.request.model_catalogue import CATALOGUE, Model, find
from playground.core.request.request import EFFORTS
from playground.core.text.json_text import JsonObject

Query = Mapping[str, Sequence[str]]
DEFAULT_LIMIT, MOST = 20, 1000
LISTED = tuple(sorted(CATALOGUE, key=lambda model: model.released, reverse=True))


def model_page(query: Query, today: date) -> JsonObject | ApiError:
    """One page of `GET /v1/models`, newest first; retired models only on request."""
    lifecycles = {*query.get("lifecycle", ()), *query.get("lifecycle[]", ())}
    lifecycles = lifecycles or {"active", "deprecated"}
    infos = [model_info(model, today) for model in LISTED]
    by_id = {row["id"]: row for row in infos if row["lifecycle"] in lifecycles}
    page = page_of(list(by_id), query, "model")
    if isinstance(page, ApiError):
        return page
    ids, around = page
    return {"data": [by_id[model_id] for model_id in ids], **around}


def page_of(
    ids: Sequence[str], query: Query, noun: str
) -> tuple[Sequence[str], JsonObject] | ApiError:
    """The ids on the page that a query asks for, and what is said beside its data."""
    try:
        limit = int(query.get("limit", [str(DEFAULT_LIMIT)])[0])
    except ValueError:
        return invalid("limit: Input should be a valid integer")
    if not 1 <= limit <= MOST:
        return invalid(f"limit: Input should be between 1 and {MOST}")
    after, before = query.get("after_id", [""])[0], query.get("before_id", [""])[0]
    for cursor in filter(None, (after, before)):
        if cursor not in ids:
            return invalid(f"after_id or before_id: no {noun} {cursor[:80]}")
    rest = ids[ids.index(after) + 1 :] if after else ids
    if before:
        rest = ids[: ids.index(before)]
    # Before a cursor the page is what stands next to it, the end of the rest.
    page = rest[-limit:] if before else rest[:limit]
    return page, {
        "has_more": len(rest) > len(page),
        "first_id": page[0] if page else None,
        "last_id": page[-1] if page else None,
    }


def model_named(model_id: str, today: date) -> JsonObject | ApiError:
    """`GET /v1/models/{id}`; a dated id and its short form are the same model."""
    model = find(model_id)
    if model is None:
        return ApiError(404, "not_found_error", f"model: {model_id}")
    return model_info(model, today)


def dated_id(model: Model) -> str:
    """The id the API answers with: for an older model, the one with its date."""
    return next(iter(model.aliases), model.id)


def model_info(model: Model, today: date) -> JsonObject:
    """One model in the API's words."""
    state = "deprecated" if model.retires_on else "active"
    retires = model.retires_on
    return {
        "type": "model",
        "id": dated_id(model),
        "display_name": model.name,
        "created_at": _midnight(model.released),
        "lifecycle": "retired" if model.is_retired(today) else state,
        "deprecated_at": None,
        "retires_at": _midnight(retires) if retires else None,
        "line": None if model.line == "other" else model.line,
        "max_input_tokens": model.context_tokens,
        "max_tokens": model.max_output_tokens,
        "capabilities": _capabilities(model),
    }


def _capabilities(model: Model) -> JsonObject:
    """What the demo can do: text and JSON, but no images, documents or tools of the API's own."""
    efforts = {level: _supported(level in model.efforts) for level in EFFORTS}
    types = ("adaptive", "enabled", "disabled", "between_tools")
    return {
        "batch": _supported(True),
        "citations": _supported(False),
        "code_execution": _supported(False),
        "context_management": _supported(False),
        "effort": {**_supported(bool(model.efforts)), **efforts},
        "image_input": _supported(False),
        "pdf_input": _supported(False),
        "server_tools": {
            **_supported(False),
            "web_search": _supported(False),
            "code_execution": _supported(False),
        },
        "structured_outputs": _supported(True),
        "thinking": {
            **_supported(True),
            "types": {kind: _supported(kind in model.thinking_types) for kind in types},
        },
    }


def _supported(is_supported: bool) -> dict[str, bool]:
    return {"supported": is_supported}


def _midnight(day: date) -> str:
    return datetime.combine(day, time(), UTC).isoformat().replace("+00:00", "Z")
