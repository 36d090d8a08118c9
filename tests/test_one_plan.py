"""Nothing beyond a cap, a budget or the list of fields reaches the API, whatever sends it."""

import json
import os
import re
from dataclasses import replace
from datetime import UTC, datetime

import httpx2
import pytest
from fake_api import block, delta, end, start
from hypothesis import given, settings
from hypothesis import strategies as st

from playground.batches.interfaces import SubmissionItem
from playground.claude.sending import Clients
from playground.core.answer.retry import RetryPolicy
from playground.core.experiment.case_checks import CaseCheck
from playground.core.experiment.cases import Cases
from playground.core.experiment.experiment import Experiment
from playground.core.experiment.grid_plan import plan_grid
from playground.core.request.connection import CLAUDE
from playground.core.request.request import Message, Params, Prompt, Request
from playground.core.runs.run_plan import RefusedPlanError, RunContext, Variant, plan
from playground.core.visitors.access import Caps
from playground.engine.run import Run, new_run_ids
from playground.experiments.experiment_run import ExperimentRun
from playground.experiments.interfaces import Origin
from playground.settings import Settings
from playground.ui.session.services import Services

EXAMPLES = int(os.environ.get("PLAN_EXAMPLES", "80"))
"""How many combinations are tried; set it to thousands for a long look."""
PROMPT = Prompt("", (Message("user", "Hi"),))
NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
KEY = "sk-owners-key"
MAX_TOKEN_COUNT, MAX_CHARS = 3_000, 4_000
URL = {"type": "url", "url": "https://x.example/a"}
PNG = {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="}
TOOL = {"name": "t", "description": "d", "input_schema": {"type": "object"}}


def asks(*blocks):
    return [{"role": "user", "content": list(blocks)}]


FIELDS = {
    "max_tokens": [1, MAX_TOKEN_COUNT, MAX_TOKEN_COUNT + 1, "9000", None, 10**9],
    "tools": [
        [TOOL],
        [{"type": "web_search_20250305", "name": "web_search", "max_uses": 100}],
        [{"type": "web_search_20260318", "name": "web_search"}],
        [TOOL, {"type": "code_execution_20260521", "name": "code_execution"}],
    ],
    "tool_choice": [{"type": "auto"}, {"type": "any", "url": "https://x.example"}],
    "messages": [
        [{"role": "user", "content": "Hi"}],
        asks({"type": "text", "text": "x" * (MAX_CHARS + 1)}),
        asks({"type": "image", "source": PNG}),
        asks({"type": "image", "source": URL}),
        asks({"type": "document", "source": {"type": "file", "file_id": "file_1"}}),
        asks({"type": "container_upload", "file_id": "file_1"}),
        asks({"type": "tool_result", "tool_use_id": "t",
              "content": [{"type": "document", "source": URL}]}),
    ],
    "system": ["Be brief.", [{"type": "text", "text": "Be brief."}], [{"type": "image"}]],
    "mcp_servers": [[URL]],
    "container": ["container_1"],
    "speed": ["fast", "standard"],
    "fallbacks": [[{"model": "claude-fable-5"}]],
    "service_tier": ["auto", "standard_only", "priority"],
    "inference_geo": ["us", "global"],
    "diagnostics": [{"previous_message_id": "msg_1"}],
    "output_config": [{"effort": "low"}, {"task_budget": {"total": 9}},
                      {"format": {"type": "json_schema", "schema": {"type": "object"}}}],
    "cache_control": [{"type": "ephemeral"}],
    "metadata": [{"user_id": "7"}],
    "model": ["claude-haiku-4-5", "claude-next-9", "x" * 201, "a\nb"],
    "betas": [["mcp-client-2025-11-20"]],
    "never_heard_of": [1],
}  # fmt: skip
# What the list is there to keep off, told without the list.
FORBIDDEN = re.compile(
    r"_20\d{6}|\burl\b|file_id|mcp_servers|container|fast|fallbacks|priority|inference_geo"
    r"|previous_message_id|task_budget|betas|never_heard_of"
)
UNPRICED = re.compile(
    r"code_execution|\"url\"|mcp_servers|container|fallbacks|priority|task_budget|betas"
    r"|never_heard_of|claude-next-9|\"image\"|file_id"
)
EXTRAS = st.fixed_dictionaries(
    {}, optional={name: st.sampled_from(values) for name, values in FIELDS.items()}
).filter(lambda extra: len(extra) <= 4)
PATHS = ("run", "count", "batch", "cell", "judge")


class Api(httpx2.AsyncBaseTransport):
    """Answers whatever is asked, and keeps it."""

    def __init__(self):
        self.seen = []

    async def handle_async_request(self, request):
        self.seen.append((request.url.path, json.loads(await request.aread())))
        if request.url.path.endswith("count_tokens"):
            return httpx2.Response(200, json={"input_tokens": 7})
        if request.url.path.endswith("batches"):
            return httpx2.Response(400, json={"type": "error"})
        events = start() + block() + delta("VERDICT: PASS") + end()
        return httpx2.Response(200, content=events, headers={"content-type": "text/event-stream"})

    @property
    def bodies(self):
        """Each body that a model would have been asked with."""
        found = []
        for _, body in self.seen:
            batch = body.get("requests")
            found += [each["params"] for each in batch] if batch else [body]
        return found


class Admitted:
    def take(self, wanted):
        return None

    def give_back(self, wanted):
        return None


@pytest.fixture(scope="module")
def services(tmp_path_factory):
    folder = tmp_path_factory.mktemp("log")
    built = Services(Settings(owner=CLAUDE, key=KEY, log_url=f"sqlite:///{folder}/runs.db"))
    yield built
    built.engine.close()
    built.log.close()


def send(path, services, context, extra, experiment_id):
    """Send a request with this extra JSON, without asking beforehand whether it may be."""
    services._clients = Clients(transport=(api := Api()))
    params = Params("claude-sonnet-5-5", 300, extra_json=json.dumps(extra))
    request = Request(Prompt("", (Message("user", "Hi {{name}}"),)), params)
    if path in ("cell", "judge"):
        run_experiment(services, context, request, experiment_id, judged=path == "judge")
        return api
    made = plan(context, Variant("A", replace(request, prompt=PROMPT)))
    if path == "batch":
        [run_id] = new_run_ids(1)
        work = services.batching.submit("eve", KEY, [SubmissionItem(run_id, made)], Admitted())
        work.result(20)
    elif path == "count":
        services.count_tokens(made, KEY).result(20)
    else:
        run = Run("page", "eve", made)
        services.start(run, KEY, None)
        assert run.wait(20)
    return api


def run_experiment(services, context, request, experiment_id, *, judged):
    """One cell; with a judge the extra JSON is no obstacle to the cell but the caps are."""
    judge = CaseCheck("judge", "Is it fine? {{answer}}", model="claude-haiku-4-5")
    variants = (Variant("A", request),)
    cases = Cases(("name",), (("Ada",),))
    definition = Experiment("", variants, (), cases, checks=(judge,) if judged else ())
    planned = plan_grid(definition.settings, cases, 1, definition.checks, context)
    dependencies = services.dependencies(KEY, lambda runs: [None] * len(runs))
    origin = Origin(experiment_id, "eve", "page", 1)
    underway = ExperimentRun(origin, definition, planned, context, dependencies)
    underway.start().result(30)


CONTEXTS = st.builds(
    RunContext,
    st.just(CLAUDE),
    st.just(RetryPolicy(attempts=1)),
    st.just(()),
    st.just(NOW),
    caps=st.sampled_from([Caps(), Caps(MAX_TOKEN_COUNT, MAX_CHARS, 6), Caps(1_000, MAX_CHARS, 6)]),
    key_holder=st.sampled_from(["owner", "visitor"]),
    is_stranger=st.booleans(),
    has_budget=st.booleans(),
    closed_because=st.sampled_from([None, None, None, "Enter the passcode to use it."]),
)
NUMBERS = iter(range(10**9))


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.sampled_from(PATHS), CONTEXTS, EXTRAS)
def test_whatever_sends_it_only_what_its_plan_allows_arrives(services, path, context, extra):
    try:
        api = send(path, services, context, extra, str(next(NUMBERS)))
    except RefusedPlanError:
        api = Api()
    if context.closed_because is not None:
        assert api.seen == []
    for body in api.bodies:
        text = json.dumps(body)
        if context.is_stranger and context.key_holder == "owner":
            assert not FORBIDDEN.search(text), text
        if context.caps.max_tokens is not None and path != "count":
            assert body["max_tokens"] <= context.caps.max_tokens
        if context.caps.prompt_chars is not None:
            assert len(text) < 2 * MAX_CHARS
        if context.has_budget and path != "count":
            assert not UNPRICED.search(text), text
        assert len(str(body["model"])) <= 200
        assert "\n" not in str(body["model"])


@pytest.mark.parametrize("path", PATHS)
def test_what_is_within_all_limits_arrives_by_each_of_the_ways(services, path):
    context = RunContext(
        CLAUDE, RetryPolicy(attempts=1), (), NOW, caps=Caps(MAX_TOKEN_COUNT, MAX_CHARS, 6),
        key_holder="owner", is_stranger=True, has_budget=True,
    )  # fmt: skip
    extra = {"tools": [TOOL], "max_tokens": MAX_TOKEN_COUNT, "service_tier": "auto"}
    api = send(path, services, context, extra, f"within {path}")
    assert len(api.bodies) == (2 if path == "judge" else 1)
    assert api.bodies[0]["tools"] == [TOOL]


def test_a_judge_beyond_the_cap_is_not_asked(services):
    context = RunContext(
        CLAUDE, RetryPolicy(attempts=1), (), NOW, caps=Caps(1_000, None, None),
        key_holder="owner", is_stranger=True,
    )  # fmt: skip
    api = send("judge", services, context, {}, "capped judge")
    assert [body["max_tokens"] for body in api.bodies] == [300]
    planned = plan_grid(
        Experiment("", (Variant("A", Request(PROMPT, Params("m", 9))),)).settings,
        Cases((), ((),)),
        1,
        (CaseCheck("judge", "{{answer}}", model="claude-haiku-4-5"),),
        context,
    )
    assert "1,000 max_tokens at most" in planned.notes[0].text


def test_a_plan_that_is_refused_is_never_handed_to_the_clients(services):
    services._clients = Clients(transport=(api := Api()))
    context = RunContext(CLAUDE, RetryPolicy(), (), NOW, closed_because="There is no key.")
    request = Request(PROMPT, Params("claude-haiku-4-5", 9))
    made = plan(context, Variant("A", request))
    with pytest.raises(RefusedPlanError, match="There is no key"):
        services.start(Run("page", "eve", made), KEY, None)
    with pytest.raises(RefusedPlanError, match="There is no key"):
        services.count_tokens(made, KEY)
    submitted = services.batching.submit(
        "eve", KEY, [SubmissionItem("1", made)], Admitted()
    ).result(20)
    assert submitted.problem == "There is no key."
    assert api.seen == []
