"""The models that an account really has, as values of the catalogue."""

import asyncio
from datetime import date, datetime
from typing import get_args

import anthropic

from playground.claude.errors import call_failure
from playground.claude.secret import Secret
from playground.claude.sending import Clients, extra_headers
from playground.core.answer.failures import Failure
from playground.core.request import model_catalogue
from playground.core.request.connection import Connection
from playground.core.request.model_catalogue import Lifecycle, Line, Model
from playground.core.request.request import EFFORTS

LIST_TIMEOUT_S, ALL_TIMEOUT_S = 10.0, 30.0
"""How long one page may be silent, and how long all pages, however many, may take."""
MAX_MODELS = 1000


async def list_models(
    clients: Clients, connection: Connection, key: str
) -> tuple[Model, ...] | Failure:
    """What `GET /v1/models` says, merged over the catalogue; a failure if it says nothing."""
    models, secret = [], Secret(key)
    try:
        client = clients.client(connection, key).with_options(timeout=LIST_TIMEOUT_S)
        headers = extra_headers(connection, key, 1)
        async with asyncio.timeout(ALL_TIMEOUT_S):
            # The SDK fetches page after page for as long as the server has any.
            async for info in client.models.list(limit=MAX_MODELS, extra_headers=headers):
                models.append(_model(info, secret))
                if len(models) == MAX_MODELS:
                    break
    except (AttributeError, TypeError):
        return Failure("not_the_api")  # The SDK trusts the answer to be a list of models.
    except Exception as error:
        return call_failure(error, key)
    usable = tuple(model for model in models if model.id and model.lifecycle != "retired")
    return model_catalogue.merge(usable)


def _model(info: anthropic.types.ModelInfo, secret: Secret) -> Model:
    """Compatible servers leave out most fields, so each may be missing or None. A key that a server
    echoes is masked."""

    def text(name: str) -> str:
        return secret.masked(str(getattr(info, name, None) or ""))

    effort = _supported(info, "effort")
    thinking = _supported(info, "thinking", "types")
    created = getattr(info, "created_at", None)
    retires = getattr(info, "retires_at", None)
    model_id = text("id")
    return Model(
        id=model_id,
        name=text("display_name") or model_id,
        line=next((line for line in get_args(Line) if line == text("line")), "other"),
        context_tokens=int(getattr(info, "max_input_tokens", None) or 0),
        max_output_tokens=int(getattr(info, "max_tokens", None) or 0),
        released=created.date() if isinstance(created, datetime) else date.min,
        lifecycle=next((x for x in get_args(Lifecycle) if x == text("lifecycle")), "unknown"),
        retires_on=retires.date() if isinstance(retires, datetime) else None,
        efforts=tuple(level for level in EFFORTS if level in effort),
        default_effort="high" if effort else None,
        thinking_types=frozenset(thinking),
        thinking_default="off",
    )


def _supported(info: object, *path: str) -> set[str]:
    """The names below a capability whose `supported` is true."""
    node = getattr(info, "capabilities", None)
    for name in path:
        node = getattr(node, name, None)
    if node is None:
        return set()
    parts = node.to_dict() if hasattr(node, "to_dict") else {}
    return {
        name for name, part in parts.items() if isinstance(part, dict) and part.get("supported")
    }
