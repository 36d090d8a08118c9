"""What is wrong with a request, in words a person can act on, before anything is sent."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta

from playground.core.checks.number_fields import RULES
from playground.core.checks.problems import (
    SEVERITIES,
    Fix,
    Problem,
    Severity,
    can_join,
    model_fix,
    nearest_effort,
    params_fix,
    successor,
    without_prefill,
)
from playground.core.money.pricing import input_tokens_bound
from playground.core.request.allowed_fields import ALLOWED, first_not_allowed
from playground.core.request.body_shapes import MESSAGE_FIELDS, may_precede_system
from playground.core.request.connection import Connection
from playground.core.request.extra_json import Extra, quoted
from playground.core.request.model_catalogue import MODEL_ID, Model, is_model_id
from playground.core.request.request import (
    MIN_THINKING_BUDGET_TOKENS,
    Message,
    Params,
    Prompt,
    Request,
)
from playground.core.request.tool_results import calls_in, unpaired
from playground.core.text.key_shapes import holds_key
from playground.core.text.listed import listed
from playground.core.text.number_text import problem_of
from playground.core.visitors.access import Caps
from playground.core.wire.body_refusals import fills_cache
from playground.core.wire.wire import (
    PLACES,
    SAMPLING,
    THINKING_TYPES,
    Decision,
    Wire,
    merged_params,
)

# The API announces a retirement at least 60 days before.
RETIREMENT_NOTICE = timedelta(days=60)
MAX_PROMPT_BYTES = 8_000_000
"""A window of a million tokens holds about half of that in prose."""
PROSE_BYTES_PER_TOKEN = 4
MIN_TOKENS_PER_BYTE = 8
"""Bytes bound tokens from above only: past eight for each token no ordinary text fits."""

DROP_PREFILL = Fix("drop_prefill", "Remove it", "drop_prefill")
PLACE_RESULTS = Fix("place_results", "Put results there", "place_results")
PLAIN_RESULTS = Fix("plain_results", "Make it plain text", "plain_results")
ORDINARY_MAX_TOKENS = 1_000
MAX_OF_NAMES = 200
"""Characters; what a server calls its tools may be any length."""


def problems(
    request: Request, model: Model, today: date, decisions: tuple[Decision, ...] = ()
) -> tuple[Problem, ...]:
    """Everything worth saying about a request, errors first; `decisions` are its wire's."""
    # What is checked is what is sent: the extra JSON's values, where it has them.
    extra, request = request.params.extra, replace(request, params=merged_params(request.params))
    result = [
        # Messages of the extra JSON take the editor's place: what is wrong with those is not sent.
        *(() if "messages" in extra.fields else _about_messages(request, model)),
        *param_problems(request.params, model, _unsent(decisions)),
        *_model_id_problems(request.params),
        *_expected_refusals(request, model, decisions),
        *_extra_problems(extra),
        *_retirement(model, today),
    ]
    result.sort(key=lambda problem: SEVERITIES.index(problem.severity))
    return tuple(_with_live_fix(problem, extra) for problem in result)


def _unsent(decisions: tuple[Decision, ...]) -> frozenset[str]:
    return frozenset(d.parameter for d in decisions if d.state == "unavailable")


def _about_messages(request: Request, model: Model) -> list[Problem]:
    return [
        *prompt_problems(request.prompt),
        *_prefill_problems(request, model),
        *_system_problems(request, model),
        *_result_problems(request),
        *_window_problems(request.prompt, model),
    ]


def _with_live_fix(problem: Problem, extra: Extra) -> Problem:
    """A fix of what the extra JSON overrides would change nothing."""
    fix = problem.fix
    is_dead = fix is not None and any(
        PLACES.get(name, name) in extra.fields for name, _ in fix.params
    )
    return replace(problem, fix=None) if is_dead else problem


def _extra_problems(extra: Extra) -> list[Problem]:
    if extra.problem:
        return [Problem("error", f"The extra JSON can't be used: {extra.problem}.")]
    is_streamed = extra.fields.get("stream", True)
    if is_streamed is not True and not (is_streamed is False and fills_cache(extra.fields)):
        return [
            Problem(
                "error", "The extra JSON turns streaming off, but this app always streams answers."
            )
        ]
    return []


def _model_id_problems(params: Params) -> list[Problem]:
    """Model ids have a maximum length, because the log's column has one."""
    named = params.extra.fields.get("model", params.model)
    return [] if is_model_id(str(named)) else [Problem("error", MODEL_ID)]


def _retirement(model: Model, today: date) -> list[Problem]:
    if model.retires_on is None or today + RETIREMENT_NOTICE < model.retires_on:
        return []
    fix = model_fix("successor", successor(model))
    if model.is_retired(today):
        text = f"{model.name} was retired on {model.retires_on}. Choose another model."
    else:
        text = f"{model.name} retires on {model.retires_on}."
    return [Problem("warning", text, fix)]


def unlisted(model: Model, models: tuple[Model, ...]) -> list[Problem]:
    """A model that is neither in the catalogue nor in the account's own list."""
    if model.is_known or not model.id or any(listed.id == model.id for listed in models):
        return []
    return [
        Problem("warning", f"{model.id} is not in any list of models. The API may not know it.")
    ]


def unlisted_fields(extra: Extra) -> list[Problem]:
    """Fields of the extra JSON that are not known here: new ones, those of a beta, or none."""
    names = [quoted(name) for name in extra.fields if name not in MESSAGE_FIELDS]
    if not names:
        return []
    which = f"{names[0]} and {len(names) - 1} more are" if len(names) > 1 else f"{names[0]} is"
    text = f"{which} not in the list of the API's fields. The API may reject the extra JSON."
    return [Problem("info", text)]


def number_problems(
    texts: Iterable[tuple[str, str]], params: Params, sent: Wire, model: Model
) -> dict[str, Problem]:
    """Why number fields can't be sent, by the parameter."""
    return {
        name: Problem("error", why, _number_fix(name, model))
        for name, text in texts
        if is_applicable(name, params, sent, model) and (why := problem_of(text, RULES[name]))
    }


def is_applicable(parameter: str, params: Params, sent: Wire, model: Model) -> bool:
    """Whether a number field has an effect; otherwise it is disabled."""
    if parameter == "thinking_budget_tokens":
        return params.thinking == "budget"
    is_unavailable = sent.decision(parameter).state == "unavailable"
    # A top_p that is too low to be sent can still be raised: its field stays open.
    return not is_unavailable or (parameter == "top_p" and model.takes_sampling)


def _number_fix(parameter: str, model: Model) -> Fix:
    if parameter == "max_tokens":
        value = min(ORDINARY_MAX_TOKENS, model.max_output_tokens)
        return params_fix("max_tokens", f"Set it to {value:,}", max_tokens=value)
    return params_fix(f"clear_{parameter}", "Clear the field", **{parameter: None})


def cap_problems(request: Request, body: Mapping[str, object], caps: Caps) -> list[Problem]:
    """Why a request is too large; `body` is what would be sent."""
    problems = []
    if caps.prompt_chars is not None:
        params, prompt = request.params, request.prompt
        # Whatever is written counts: else a text would pass the cap as extra JSON.
        texts = (prompt.system, params.extra_json, *params.stop_sequences)
        size = sum(map(len, texts)) + sum(len(message.whole) for message in prompt.messages)
        if size > caps.prompt_chars:
            text = f"The prompt has {size:,} characters. This app accepts {caps.prompt_chars:,}."
            problems.append(Problem("error", text))
    if caps.max_tokens is not None:
        max_tokens = body.get("max_tokens")
        # Whatever else the extra JSON makes of it could mean any number to a server.
        if type(max_tokens) is not int or max_tokens > caps.max_tokens:
            most = caps.max_tokens
            is_typed = max_tokens == request.params.max_tokens
            fix = (
                params_fix("cap_max_tokens", f"Use {most:,}", max_tokens=most) if is_typed else None
            )
            text = f"This app lets visitors ask for {most:,} max_tokens at most."
            problems.append(Problem("error", text, fix))
    return problems


def field_problems(wire: Wire, connection: Connection) -> list[Problem]:
    """What strangers do not send with the owner's key: fields that are not on the list."""
    place = wire.extra.not_allowed
    if place is None:
        # Beneath these names the form itself writes nothing that is not on the list.
        place = next((name for name in wire.body if name not in ALLOWED.known), None)
    where = "in the extra JSON"
    if place is None:
        # Blocks of an answer can come from a link or a file, and then hold anything.
        place = first_not_allowed({"messages": wire.body.get("messages")})
        where = "of a message's blocks"
    if place is None:
        return []
    refusal = f"{quoted(place)} {where} is not sent with the key of this app's owner"
    instead = ", or enter a key of your own" if connection.kind == "claude" else ""
    return [Problem("error", f"{refusal}. Remove it{instead}.")]


def prompt_problems(prompt: Prompt) -> list[Problem]:
    """Everything about the texts and the order of the messages."""
    problems = [*_empty(prompt), *_order(prompt), *_keys_in_prompt(prompt)]
    size = input_tokens_bound(prompt)
    if size > MAX_PROMPT_BYTES:
        text = f"The prompt has {size / 1e6:,.1f} MB. At most {MAX_PROMPT_BYTES / 1e6:g} MB are"
        problems.append(
            Problem("error", f"{text} sent, because no model reads more and the page would stall.")
        )
    return problems


def _empty(prompt: Prompt) -> list[Problem]:
    if not prompt.messages:
        return [Problem("error", "There is no message. Add one to ask something.")]
    empty = [n for n, message in enumerate(prompt.messages, 1) if message.is_empty]
    if not empty:
        return []
    is_all = len(empty) == len(prompt.messages)
    fix = None if is_all else Fix("drop_empty", f"Remove {_pronoun(empty)}", "drop_empty")
    text = f"{_numbered(empty)} empty. Write {_pronoun(empty)} or remove {_pronoun(empty)}."
    # Continue and ＋ add an empty one at the end, for somebody to write.
    return [Problem("error", text, fix, is_mistake=empty != [len(prompt.messages)])]


def _order(prompt: Prompt) -> list[Problem]:
    problems = []
    roles = [message.role for message in prompt.messages]
    if roles[:1] == ["assistant"]:
        fix = Fix("begin_with_user", "Make it the user's", "begin_with_user")
        text = (
            "The first message is the assistant's. The API accepts that, but most start "
            "with the user's."
        )
        problems.append(Problem("info", text, fix))
    repeated = [
        number
        for number in range(2, len(roles) + 1)
        if roles[number - 1] != "system" and can_join(*prompt.messages[number - 2 : number])
    ]
    fix = Fix("join", "Join them", "join")
    if len(repeated) == 1:
        number = repeated[0]
        text = f"Messages {number - 1} and {number} are both from the {roles[number - 1]}."
        problems.append(Problem("warning", f"{text} The API joins them into one turn.", fix))
    elif repeated:
        verb = "repeat the role before them. The API joins them into one turn."
        problems.append(Problem("warning", f"Messages {listed(repeated)} {verb}", fix))
    return problems


def _system_problems(request: Request, model: Model) -> list[Problem]:
    """What the API objects to in messages of the role system. They stand after the user's turn or
    the result of a tool of the API's, and before the assistant's or last (mid-conversation system
    messages page)."""
    messages = request.prompt.messages
    roles = [message.role for message in messages]
    if "system" not in roles or not model.is_known:
        return []
    gravity: Severity = "error" if request.params.api_version == "auto" else "warning"
    if roles[0] == "system":
        fix = Fix("begin_with_user", "Make it the user's", "begin_with_user")
        text = "The API rejects a first message from the system. Use the system prompt instead."
        return [Problem(gravity, text, fix)]
    if not model.takes_system_turns:
        text = f"{model.name} takes no system messages within the conversation. The API rejects"
        return [Problem(gravity, f"{text} them. Use the system prompt instead.")]
    for index, message in enumerate(messages):
        if message.role == "system" and not _may_stand(index, messages):
            text = f"Message {index + 1}, from the system, must follow a user's message and precede"
            return [Problem(gravity, f"{text} an assistant's, or be last. The API rejects it.")]
    return []


def _may_stand(index: int, messages: Sequence[Message]) -> bool:
    """Whether a message of the system may stand there."""
    before = messages[index - 1]
    is_before_user = any(after.role == "user" for after in messages[index + 1 : index + 2])
    return not is_before_user and may_precede_system(
        {"role": before.role, "content": before.content}
    )


def _result_problems(request: Request) -> list[Problem]:
    """Calls of tools without a result right behind them, and results without a call."""
    sent = request.prompt.messages
    # Most conversations have neither: their blocks are not parsed once more.
    if not any(message.result_of or message.blocks_json for message in sent):
        return []
    contents, gravity = request.prompt.contents, _severity(request.params)
    lacks = list(unpaired(contents))
    tools = {call: name for each in contents for call, name in calls_in(each["content"]).items()}
    lacking = [call for lack in lacks if lack.block is None for call in lack.ids]
    problems = []
    if lacking:
        callers = [lack.message + 1 for lack in lacks if lack.block is None]
        names = ", ".join(tools[call] for call in lacking)[:MAX_OF_NAMES]
        text = f"{_numbered(callers)} not followed by what {names} returned. Each tool call"
        problems.append(Problem(gravity, f"{text} needs its result right after it.", PLACE_RESULTS))
    # A result that stands elsewhere is said of its call, whose fix puts it there.
    lost = [
        lack.message + 1 for lack in lacks if lack.block is not None and lack.ids[0] not in lacking
    ]
    if lost:
        text = f"{_numbered(lost)} sent as a tool's result, but no tool call comes right before."
        problems.append(Problem(gravity, text, PLAIN_RESULTS))
    if empty := [n for n, each in enumerate(sent, 1) if each.result_of and not each.text]:
        text = (
            f"{_numbered(empty)} sent as a tool's result without content, because nothing "
            "is typed there."
        )
        problems.append(Problem("warning", text))
    return problems


def _keys_in_prompt(prompt: Prompt) -> list[Problem]:
    places = ["The system prompt"] if holds_key(prompt.system) else []
    numbers = [n for n, message in enumerate(prompt.messages, 1) if holds_key(message.whole)]
    places += [f"Message {number}" for number in numbers]
    if not places:
        return []
    where = f"{places[0]} and {len(places) - 1} more" if len(places) > 1 else places[0]
    verb = "seem" if len(places) > 1 else "seems"
    text = f"{where} {verb} to hold an API key, which would be sent and logged."
    return [Problem("warning", text, Fix("mask", "Mask it", "mask"))]


def _prefill_problems(request: Request, model: Model) -> list[Problem]:
    """What keeps the last message, one from the assistant, from being sent."""
    prompt, params = request.prompt, request.params
    prefill = prompt.prefill
    # An empty one is not written yet, and named as such.
    if prefill is None or not prefill.strip():
        return []
    # Only where something is left to send.
    drop_fix = DROP_PREFILL if without_prefill(prompt.messages) else None
    thinks = params.thinking == "budget" and "adaptive" not in model.thinking_types
    if params.api_version == "auto" and not model.takes_prefill:
        text = f"{model.name} takes no prefill. The last message must be from the user."
        return [Problem("error", text, drop_fix)]
    if params.api_version == "auto" and thinks:
        fix = params_fix("stop_thinking", "Turn thinking off", thinking="off")
        return [Problem("error", f"{model.name} takes no prefill while it thinks.", fix)]
    if prefill != prefill.rstrip():
        # A block of an answer goes back as it came.
        is_typed = prefill == prompt.messages[-1].text
        trim_fix = Fix("trim_prefill", "Trim it", "trim_prefill")
        text = "The last message, a prefill, must not end with a space."
        return [Problem(_severity(params), text, trim_fix if is_typed else drop_fix)]
    return []


def _window_problems(prompt: Prompt, model: Model) -> list[Problem]:
    """A prompt that surely, or probably, does not fit into the model's context window."""
    size, window = input_tokens_bound(prompt), model.context_tokens
    if not model.is_known or size <= PROSE_BYTES_PER_TOKEN * window:
        return []
    larger_model = successor(model)
    fits = larger_model is not None and size <= PROSE_BYTES_PER_TOKEN * larger_model.context_tokens
    fix = model_fix("larger_model", larger_model) if fits else None
    if size > MIN_TOKENS_PER_BYTE * window:
        text = f"The prompt does not fit into {model.name}'s {window:,} tokens."
        return [Problem("error", text, fix)]
    text = f"The prompt may not fit into {model.name}'s {window:,} tokens."
    return [Problem("warning", text, fix)]


def _numbered(numbers: Sequence[int]) -> str:
    if len(numbers) == 1:
        return f"Message {numbers[0]} is"
    return f"Messages {listed(numbers)} are"


def _pronoun(numbers: Sequence[int]) -> str:
    return "it" if len(numbers) == 1 else "them"


def param_problems(params: Params, model: Model, unsent: Collection[str] = ()) -> list[Problem]:
    """Everything about values that stand alone, and about pairs that exclude each other. `unsent`
    names the parameters that stay behind, whose fields are closed."""
    return [
        *_model_and_max_tokens(params, model),
        *_ranges(params.with_values(dict.fromkeys(set(SAMPLING) & set(unsent))), model),
        *_pairs(params, model),
        *_effort(params, model),
        *_budget(params, model),
        *_stops(params),
        *_keys_in_params(params),
    ]


def _keys_in_params(params: Params) -> list[Problem]:
    places = ["The extra JSON"] if params.extra.holds_key else []
    places += ["A stop sequence"] if any(map(holds_key, params.stop_sequences)) else []
    warning = "seems to hold an API key, which would be sent and logged."
    return [Problem("warning", f"{where} {warning}") for where in places]


def _expected_refusals(
    request: Request, model: Model, decisions: tuple[Decision, ...]
) -> tuple[Problem, ...]:
    """What is sent although the API will refuse it, because a version was chosen."""
    return tuple(
        Problem(
            "warning",
            f"{decision.parameter} is sent, but {decision.refusal.answer}",
            _override_fix(decision.parameter, request, model),
        )
        for decision in decisions
        if decision.refusal
    )


def _override_fix(parameter: str, request: Request, model: Model) -> Fix | None:
    if parameter in SAMPLING:
        return _clear_fix(parameter)
    if parameter == "effort":
        return nearest_effort(request.params.effort or "", model)
    if parameter == "thinking":
        return params_fix("thinking", "Use the default thinking", thinking="default")
    is_whole = all(message.role == "assistant" for message in request.prompt.messages)
    return DROP_PREFILL if parameter == "prefill" and not is_whole else None


def _clear_fix(parameter: str) -> Fix:
    return params_fix(f"clear_{parameter}", f"Clear {parameter}", **{parameter: None})


def _severity(params: Params) -> Severity:
    """With a version chosen what the API will refuse may be tried all the same."""
    return "error" if params.api_version == "auto" else "warning"


def _model_and_max_tokens(params: Params, model: Model) -> list[Problem]:
    problems = []
    if not params.model.strip():
        problems.append(Problem("error", "No model is selected."))
    most = model.max_output_tokens
    # Any block may ask for the cache, however deep it stands: the text itself is searched.
    is_cached = params.cache != "off" or "cache_control" in params.extra_json
    if params.max_tokens == 0 and is_cached:
        text = "With max_tokens 0 the prompt is only cached; no answer is written."
        problems.append(Problem("info", text))
    # 0 means that only the cache is to be filled, wherever in the prompt a block asks for it.
    elif params.max_tokens < 1 and params.extra.fields.get("max_tokens") != 0:
        value = min(ORDINARY_MAX_TOKENS, most)
        fix = params_fix("max_tokens", f"Set it to {value:,}", max_tokens=value)
        only = " 0 only fills the prompt cache, and caching is off." * (params.max_tokens == 0)
        problems.append(Problem("error", f"max_tokens must be at least 1.{only}", fix))
    if params.max_tokens > most:
        text = f"max_tokens is {params.max_tokens:,}, but {model.name} writes at most"
        fix = params_fix("max_tokens", f"Set it to {most:,}", max_tokens=most)
        problems.append(Problem(_severity(params), f"{text} {most:,}.", fix))
    return problems


def _ranges(params: Params, model: Model) -> list[Problem]:
    problems = []
    temperature, top_p, top_k = params.temperature, params.top_p, params.top_k
    if temperature is not None and temperature < 0:
        fix = params_fix("temperature", "Set it to 0", temperature=0.0)
        problems.append(Problem(_severity(params), "Temperature must be 0 or more.", fix))
    # A model that takes none is not sent any, and what an unknown one takes its server decides.
    elif temperature is not None and temperature > 1 and model.takes_sampling and model.is_known:
        fix = params_fix("temperature", "Set it to 1", temperature=1.0)
        problems.append(Problem(_severity(params), "Temperature must be from 0 to 1.", fix))
    if top_p is not None and not 0 <= top_p <= 1:
        value = 1.0 if top_p > 1 else 0.0
        fix = params_fix("top_p", f"Set it to {value:g}", top_p=value)
        problems.append(Problem(_severity(params), "top_p must be from 0 to 1.", fix))
    if top_k is not None and top_k < 0:
        fix = params_fix("top_k", "Set it to 0", top_k=0)
        problems.append(Problem(_severity(params), "top_k must be 0 or more.", fix))
    return problems


def _pairs(params: Params, model: Model) -> list[Problem]:
    """Values that are kept but not sent beside another; with a version, they are refused."""
    if params.api_version != "auto" or params.temperature is None or not model.takes_sampling:
        return []
    extra = params.extra.fields
    kind = THINKING_TYPES.get(params.thinking, "disabled")
    if kind != "disabled" and kind in model.thinking_types and model.is_known:
        if "temperature" in extra:
            return []
        text = f"Temperature is not sent while {model.name} thinks."
        return [Problem("info", text, _clear_fix("temperature"))]
    if params.top_p is not None and model.takes_one_of_two and "top_p" not in extra:
        text = f"{model.name} takes temperature or top_p, not both: top_p is not sent."
        return [Problem("info", text, _clear_fix("top_p"))]
    return []


def _effort(params: Params, model: Model) -> list[Problem]:
    level = params.effort
    is_sent = params.api_version != "auto" or "output_config" in params.extra.fields
    if is_sent or level is None or level in model.efforts:
        return []
    lack = f"no effort {level}" if model.efforts else "no effort levels"
    text = f"Effort is not sent: {model.name} has {lack}."
    return [Problem("info", text, nearest_effort(level, model))]


def _budget(params: Params, model: Model) -> list[Problem]:
    if params.thinking != "budget" or "enabled" not in model.thinking_types:
        return []
    problems, least = [], MIN_THINKING_BUDGET_TOKENS
    # Where the field has none the least is sent, so that is what is checked.
    is_fields = "thinking" not in params.extra.fields
    budget = params.thinking_budget_tokens or (least if is_fields else 0)
    if budget < least:
        text = f"The thinking budget must be at least {least:,} tokens."
        fix = params_fix("budget", f"Set it to {least:,}", thinking_budget_tokens=least)
        problems.append(Problem(_severity(params), text, fix))
    if params.max_tokens <= budget:
        text = f"To think, {model.name} needs max_tokens above the budget of {budget:,}."
        problems.append(Problem(_severity(params), text, _room_for(budget, params, model)))
    return problems


def _room_for(budget: int, params: Params, model: Model) -> Fix | None:
    """More max_tokens if the model has them, else the smallest budget."""
    # max_tokens holds the thinking as well: the answer keeps the room that it was given.
    enough = budget + max(params.max_tokens, 1)
    if enough <= model.max_output_tokens:
        return params_fix("room_to_think", f"Set max_tokens to {enough:,}", max_tokens=enough)
    least = MIN_THINKING_BUDGET_TOKENS
    if params.max_tokens > least:
        return params_fix(
            "room_to_think", f"Set the budget to {least:,}", thinking_budget_tokens=least
        )
    return None


def _stops(params: Params) -> list[Problem]:
    stops = tuple(stop for stop in params.stop_sequences if stop.strip())
    if stops == params.stop_sequences:
        return []
    fix = params_fix("stop_sequences", "Remove it", stop_sequences=stops)
    text = "A stop sequence can't be only white space."
    return [Problem(_severity(params), text, fix)]
