"""A request as it is written for another cloud, and as the Claude API has it.

Spellings: https://platform.claude.com/docs/en/about-claude/models/overview (Amazon Bedrock,
Google Cloud), https://openrouter.ai/anthropic (a point in the version).
"""

import re
from dataclasses import replace
from typing import Final

from playground.core.importing.import_result import Call, LeftOut, short

_SERVICES: Final = (
    r"~?anthropic|openrouter|bedrock|vertex_ai|vertex|vertexai|google|azure_ai|azure|foundry|databricks"
    r"|litellm|litellm_proxy|converse|converse_like|invoke|publishers|models|model|us-gov"
    r"|us|eu|apac|au|jp|ca|global"
)
_ID: Final = re.compile(
    rf"""(?:arn:aws[\w-]*:bedrock:[^/]*/)?
    (?:projects/.*/)?
    (?:(?:{_SERVICES})[./:])*
    (?:databricks-)?
    (?P<model>claude-(?:fable|mythos|opus|sonnet|haiku|instant|\d)[a-z0-9.-]*?)
    (?:-v\d+)?
    (?:@(?P<date>\d{{8}}|default|latest))?
    (?::\d+)?
    (?::(?P<variant>[\w.-]+))?""",
    re.VERBOSE | re.IGNORECASE,
)
_FAMILY_LAST: Final = re.compile(
    r"claude-(\d+)(?:[.-](\d))?-(fable|mythos|opus|sonnet|haiku)(-.*)?"
)
_URL: Final = re.compile(r"/models?/([^/?#]+?)(?::\w+Predict|/(?:invoke|converse)[\w-]*)?$")
_LONGEST: Final = 400


def claude_api_id(text: str) -> tuple[str, str] | None:
    """The Claude API's model id and the rest of the text, such as ":thinking".

    None where the text is no other service's spelling of a Claude model.
    """
    match = _ID.fullmatch(text.strip()) if len(text) <= _LONGEST else None
    if match is None:
        return None
    model = match["model"].lower().replace(".", "-")
    # Up to Claude 3 the API's own ids have the family last, as in claude-3-opus.
    if (turned := _FAMILY_LAST.fullmatch(model)) and int(turned[1]) >= 4:
        model = f"claude-{turned[3]}-{turned[1]}" + (f"-{turned[2]}" if turned[2] else "")
        model += turned[4] or ""
    if match["date"] and match["date"].isdecimal():
        model = f"{model}-{match['date']}"
    rest = f":{match['variant']}" if match["variant"] else ""
    return (model, rest) if model != text else None


def model_in_url(url: str) -> str:
    """The model id in a request's URL: Bedrock and Google Cloud put it there."""
    match = _URL.search(url.partition("?")[0][-_LONGEST:])
    return match[1].replace("%3A", ":").replace("%2F", "/") if match else ""


def to_claude_api(call: Call) -> Call:
    """The call with the Claude API's own model id; what else only another cloud reads is gone.
    Each change is listed."""
    body, left_out = dict(call.body), list(call.left_out)
    named = model_in_url(call.url)
    if named and "model" not in body:
        body["model"] = named
    model = body.get("model")
    if isinstance(model, str) and (mapped := claude_api_id(model)):
        body["model"], rest = mapped
        why = f"{body['model']} is what the Claude API calls {short(model)}."
        left_out.append(LeftOut("model", why))
        if rest:
            left_out.append(LeftOut(f"model: {short(rest)}", "It belongs to another service."))
    version = body.get("anthropic_version")
    if isinstance(version, str):
        del body["anthropic_version"]
        why = (
            f"{short(version)} is for another cloud; the Claude API takes the version in a header."
        )
        left_out.append(LeftOut("anthropic_version", why))
    for name in ("anthropic_beta", "betas"):
        if name in body:
            del body[name]
            left_out.append(LeftOut(name, "Beta headers are not sent from here."))
    return replace(call, body=body, left_out=tuple(left_out))
