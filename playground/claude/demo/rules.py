"""The real API's rules about a request, as a table: the first one that is broken gives the answer.

Shapes come first (`core/request/body_shapes.py`), then what the model accepts. Messages follow
the API's where they are known; the API itself calls its wording unstable. What is wrong with one
request of a batch is that request's own result, and no error of the batch.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from playground.claude.demo.faults import ApiError, invalid
from playground.claude.demo.prompt import Body, input_tokens, prefill_of
from playground.core.request.body_shapes import COUNT_FIELDS, MESSAGE_FIELDS, broken_shape
from playground.core.request.model_catalogue import Model, find
from playground.core.request.request import EFFORTS, MIN_THINKING_BUDGET_TOKENS
from playground.core.text.json_text import Json

SAMPLING_VERSION, CURRENT_VERSION = "2023-06-01", "2026-10-21"
SAMPLING = ("temperature", "top_p", "top_k")
DOCS = "https://docs.anthropic.com/en/docs/build-with-claude/extended-thinking"
# From the migration guide of Haiku 5.5; below, the least top_p that the thinking page allows.
DEFAULT_TOP_P = 0.99
MIN_TOP_P_THINKING = 0.95
MAX_REQUESTS = 100_000
LARGEST_BATCH = 256_000_000
LONGEST_ID = 64
CUSTOM_ID = "^[a-zA-Z0-9_-]{1,64}$"
# Fast answers cannot be had in batches (pricing page).
NOT_IN_BATCHES = ("speed",)

Requests = list[tuple[str, dict[str, Json]]]


@dataclass(frozen=True, slots=True)
class Call:
    """A request whose shape is right, and the model it names."""

    version: str | None
    body: Body
    model: Model

    @property
    def thinking(self) -> dict[str, Json]:
        return self.body.get("thinking") or {}

    @property
    def thinks(self) -> bool:
        """Whether thinking was asked for; models that take sampling parameters think only then."""
        return self.thinking.get("type") in ("enabled", "adaptive")

    @property
    def effort(self) -> str | None:
        return (self.body.get("output_config") or {}).get("effort")


Rule = Callable[[Call], str | None]


def check(version: str | None, body: object, today: date = date.min) -> ApiError | None:
    """What the API says against a `POST /v1/messages`, or None. `today` retires models."""
    return _check(
        version, body, MESSAGE_FIELDS, (*_MESSAGE_RULES, *_SHARED_RULES, _fills_cache), today
    )


def check_in_batch(version: str | None, body: object, today: date) -> ApiError | None:
    """What the API says against one request of a batch, which must ask for an answer."""
    wrong = check(version, body, today)
    if wrong is None and isinstance(body, dict) and body["max_tokens"] == 0:
        return invalid("max_tokens: 0 is not supported in batches")
    return wrong


def check_count(version: str | None, body: object, today: date = date.min) -> ApiError | None:
    """What the API says against a `POST /v1/messages/count_tokens`, which takes fewer fields."""
    return _check(version, body, COUNT_FIELDS, _SHARED_RULES, today)


def _check(
    version: str | None, body: Json, fields: frozenset[str], rules: tuple[Rule, ...], today: date
) -> ApiError | None:
    if wrong := _wrong_call(version, body):
        return invalid(wrong)
    # The current version does not know the sampling fields: it refuses even their defaults.
    wrong = broken_shape(body, fields - set(SAMPLING if version == CURRENT_VERSION else ()))
    if wrong:
        return invalid(wrong)
    model = find(body["model"])
    if model is None or model.is_retired(today):
        return ApiError(404, "not_found_error", f"model: {body['model']}")
    call = Call(version, body, model)
    return next((invalid(text) for rule in rules if (text := rule(call))), None)


def _wrong_call(version: str | None, body: Json) -> str | None:
    """What is wrong with any call that sends something."""
    if version is None:
        return "anthropic-version: header is required"
    if version not in (SAMPLING_VERSION, CURRENT_VERSION):
        # Cut, because a header may hold anything.
        return f'anthropic-version: "{version[:40]}" is not a valid version.'
    return None if isinstance(body, dict) else "The request body is not a JSON object."


def broken_batch(version: str | None, body: Json) -> Requests | ApiError:
    """The requests of a batch by their ids, or why there is no such batch."""
    if wrong := _wrong_call(version, body):
        return invalid(wrong)
    requests = body.get("requests")
    if "requests" not in body:
        return invalid("requests: Field required")
    if not isinstance(requests, list):
        return invalid("requests: Input should be a valid list")
    if not requests:
        return invalid("requests: List should have at least 1 item after validation, not 0")
    if len(requests) > MAX_REQUESTS:
        return invalid(f"requests: List should have at most {MAX_REQUESTS} items")
    checked: Requests = []
    ids: set[str] = set()
    for index, row in enumerate(requests):
        wrong = _broken_request(row, ids)
        if wrong is not None:
            return invalid(f"requests.{index}{wrong}")
        ids.add(row["custom_id"])
        checked.append((row["custom_id"], row["params"]))
    return checked


def _broken_request(row: object, ids: set[str]) -> str | None:
    if not isinstance(row, dict):
        return ": Input should be an object"
    for name in ("custom_id", "params"):
        if name not in row:
            return f".{name}: Field required"
    custom_id, params = row["custom_id"], row["params"]
    if not isinstance(custom_id, str):
        return ".custom_id: Input should be a valid string"
    if len(custom_id) > LONGEST_ID:
        return f".custom_id: String should have at most {LONGEST_ID} characters"
    if not re.fullmatch(CUSTOM_ID, custom_id, re.ASCII):
        return f".custom_id: String should match pattern '{CUSTOM_ID}'"
    if custom_id in ids:
        return f".custom_id: duplicate custom_id {custom_id}"
    if not isinstance(params, dict):
        return ".params: Input should be an object"
    if params.get("stream"):
        return ".params.stream: streaming is not supported in batches"
    for name in NOT_IN_BATCHES:
        if name in params:
            return f".params.{name}: not supported in batches"
    return None


def _max_tokens(call: Call) -> str | None:
    max_tokens, limit = call.body["max_tokens"], call.model.max_output_tokens
    if max_tokens <= limit:
        return None
    return (
        f"max_tokens: {max_tokens} > {limit}, which is the maximum allowed number of output"
        f" tokens for {call.model.id}"
    )


def _fills_cache(call: Call) -> str | None:
    """With max_tokens 0 the prompt is only cached, which cannot be combined with anything that
    shapes an answer; a thinking budget has no room. The wording is not known."""
    if call.body["max_tokens"] != 0:
        return None
    config, choice = call.body.get("output_config") or {}, call.body.get("tool_choice") or {}
    beside = {
        "stream": call.body.get("stream"),
        "output_config.format": config.get("format"),
        "tool_choice": choice.get("type") in ("any", "tool"),
    }
    field = next((name for name, is_there in beside.items() if is_there), None)
    return f"max_tokens: 0 is not supported with `{field}`." if field else None


def _sampling_is_a_number(call: Call) -> str | None:
    for name in SAMPLING:
        # Null is refused as well, in the same words (published probes of the API).
        value = call.body.get(name, 0)
        if isinstance(value, bool) or not isinstance(value, int | float):
            return f"{name}: Input should be a valid number"
        if name != "top_k" and not 0 <= value <= 1:
            return f"{name}: range: 0..1"
        if name == "top_k" and not isinstance(value, int):
            return "top_k: Input should be a valid integer"
        if name == "top_k" and value < 0:
            return "top_k: Input should be greater than or equal to 0"
    return None


def _sampling_is_deprecated(call: Call) -> str | None:
    if call.model.takes_sampling:
        return None
    # Under the earlier version newer models accept the defaults and nothing else.
    # Of top_k there is no default to repeat: any value is refused.
    defaults = {"temperature": 1, "top_p": DEFAULT_TOP_P}
    for name in SAMPLING:
        if name in call.body and call.body[name] != defaults.get(name):
            return f"`{name}` is deprecated for this model."
    return None


def _sampling_while_thinking(call: Call) -> str | None:
    if not call.thinks:
        return None
    advice = (
        f"Please consult our documentation at {DOCS}"
        "#important-considerations-when-using-extended-thinking"
    )
    if call.body.get("temperature", 1) != 1:
        return f"`temperature` may only be set to 1 when thinking is enabled. {advice}"
    if "top_k" in call.body:
        return f"`top_k` must be unset when thinking is enabled. {advice}"
    if call.body.get("top_p", 1) < MIN_TOP_P_THINKING:
        return f"`top_p` must be at least 0.95 when thinking is enabled. {advice}"
    return None


def _one_sampling_parameter(call: Call) -> str | None:
    if not call.model.takes_one_of_two or not {"temperature", "top_p"} <= set(call.body):
        return None
    return "`temperature` and `top_p` cannot both be specified for this model. Please use only one."


def _thinking_type(call: Call) -> str | None:
    kind = call.thinking.get("type")
    if kind is None or kind in call.model.thinking_types:
        return None
    if kind == "adaptive":
        return "adaptive thinking is not supported on this model"
    return (
        f'"thinking.type.{kind}" is not supported for this model. Use "thinking.type.adaptive"'
        ' and "output_config.effort" to control thinking behavior.'
    )


def _thinking_off_at_effort(call: Call) -> str | None:
    highest = call.model.thinking_off_up_to
    kind = call.thinking.get("type")
    if kind not in ("disabled", "between_tools") or highest is None or call.effort is None:
        return None
    if EFFORTS.index(call.effort) <= EFFORTS.index(highest):
        return None
    return f'"thinking.type.{kind}" is not supported with effort "{call.effort}".'


def _system_turns(call: Call) -> str | None:
    if call.model.takes_system_turns:
        return None
    has_one = any(message["role"] == "system" for message in call.body["messages"])
    return "role 'system' is not supported on this model" if has_one else None


def _us_inference(call: Call) -> str | None:
    """Models before the 4.6 generation cannot be tied to a region. The wording is not known."""
    if call.body.get("inference_geo") != "us" or call.model.takes_inference_geo:
        return None
    return "inference_geo: not supported by this model"


def _forced_tool(call: Call) -> str | None:
    """It is known which models refuse it; the wording only for thinking that was asked for."""
    if (call.body.get("tool_choice") or {}).get("type") not in ("any", "tool"):
        return None
    if call.thinks:
        return "Thinking may not be enabled when tool_choice forces tool use."
    if not call.model.takes_forced_tools:
        return "tool_choice: forced tool use is not supported on this model"
    return None


def _fast(call: Call) -> str | None:
    """The wording is not known."""
    if call.body.get("speed") != "fast" or call.model.takes_fast:
        return None
    return "speed: 'fast' is not supported on this model"


def _documents_and_citations(call: Call) -> str | None:
    """What the current version refuses since 2026-10-21, by its migration page."""
    if call.version != CURRENT_VERSION:
        return None
    for number, message in enumerate(call.body["messages"]):
        content = message["content"]
        for index, block in enumerate(content if isinstance(content, list) else []):
            where, kind = f"messages.{number}.content.{index}", block["type"]
            if message["role"] == "assistant" and kind == "document":
                return f"{where}: document blocks are not permitted in assistant messages"
            if message["role"] == "user" and kind == "text" and block.get("citations"):
                return f"{where}.text.citations: not permitted in user messages"
    return None


def _format(call: Call) -> str | None:
    if not (call.body.get("output_config") or {}).get("format"):
        return None
    if prefill_of(call.body) is None:
        return None
    return "output_config.format: not supported with assistant prefill"


def _thinking_budget(call: Call) -> str | None:
    if call.thinking.get("type") != "enabled":
        return None
    budget = call.thinking.get("budget_tokens")
    if not isinstance(budget, int) or isinstance(budget, bool):
        return "thinking.enabled.budget_tokens: Field required"
    if budget < MIN_THINKING_BUDGET_TOKENS:
        least = MIN_THINKING_BUDGET_TOKENS
        return f"thinking.enabled.budget_tokens: Input should be greater than or equal to {least}"
    # A request to count tokens has no max_tokens.
    if budget >= call.body.get("max_tokens", budget + 1):
        return (
            "`max_tokens` must be greater than `thinking.budget_tokens`. Please consult our"
            f" documentation at {DOCS}#max-tokens-and-context-window-size"
        )
    return None


def _effort(call: Call) -> str | None:
    if call.effort is None or call.effort in call.model.efforts:
        return None
    if not call.model.efforts:
        return "This model does not support the effort parameter."
    levels = ", ".join(f"'{level}'" for level in call.model.efforts)
    return f"output_config.effort: '{call.effort}' is not supported by this model. Use {levels}."


def _prefill(call: Call) -> str | None:
    text = prefill_of(call.body)
    if text is None:
        return None
    if not call.model.takes_prefill:
        return (
            "This model does not support assistant message prefill."
            " The conversation must end with a user message."
        )
    if call.thinks:
        return (
            "Expected `thinking` or `redacted_thinking`, but found `text`. When `thinking` is"
            " enabled, a final `assistant` message must start with a thinking block."
        )
    if text != text.rstrip():
        return "messages: final assistant content cannot end with trailing whitespace"
    return None


def _context(call: Call) -> str | None:
    length, limit = input_tokens(call.body), call.model.context_tokens
    return f"prompt is too long: {length} tokens > {limit} maximum" if length > limit else None


# Of answers alone: counting takes neither max_tokens nor a sampling field.
_MESSAGE_RULES: tuple[Rule, ...] = (
    _max_tokens,
    _sampling_is_a_number,
    _sampling_is_deprecated,
    _sampling_while_thinking,
    _one_sampling_parameter,
)
_SHARED_RULES: tuple[Rule, ...] = (
    _system_turns,
    _us_inference,
    _thinking_type,
    _effort,
    _thinking_off_at_effort,
    _thinking_budget,
    _forced_tool,
    _fast,
    _documents_and_citations,
    _prefill,
    _format,
    # Last: it alone has to read the whole prompt.
    _context,
)
