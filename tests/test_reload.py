"""A page that comes into a tab takes over the runs of the page before, as its socket sees it."""

import asyncio
import json
import re

import pytest
from browser.driving import App, until
from fake_api import FakeApi
from streamlit.proto.BackMsg_pb2 import BackMsg
from test_strangers import PATIENCE_S, visit

TOKEN = re.compile(r"token\W+?([\w-]{32})(?![\w-])")


@pytest.fixture(scope="module")
def api():
    api = FakeApi()
    yield api
    api.close()


@pytest.fixture(scope="module")
def app(api, tmp_path_factory):
    settings = {"ANTHROPIC_BASE_URL": api.url, "ANTHROPIC_API_KEY": "k"}
    app = App(tmp_path_factory.mktemp("app"), settings)
    yield app
    assert app.close() is None, "the app ended by itself: " + app.output()


def name_of(visitor):
    """What a page gives its tab to say after a reload."""
    return next(found[1] for text in visitor.texts if (found := TOKEN.search(text)))


async def tell(visitor, before, *, is_copy=False):
    """Say which page stood in this tab before, as draft_keeper.js does."""
    kept = json.dumps({"before": before, "isCopy": is_copy})
    message = BackMsg()
    message.rerun_script.widget_states.widgets.add(
        id=f"$$STREAMLIT_INTERNAL_KEY_{visitor.widgets['draft']}__events",
        json_trigger_value=json.dumps([{"event": "kept", "value": kept}]),
    )
    await visitor.send(message)
    visitor.texts = []
    async with asyncio.timeout(PATIENCE_S):
        while await visitor.hear() != "script_finished":
            pass


def test_a_copied_tab_gets_nothing_and_a_reload_gets_the_runs_again_and_again(app, api):
    api.plays = ["slow-20-20000"] * 2

    async def play():
        async with visit(app, headers={}) as first:
            first_name = name_of(first)
            await first.rerun(run_all=True)
            await asyncio.to_thread(until, lambda: len(api.posts) == 2, PATIENCE_S, "the runs")
            for _ in range(2):
                async with visit(app, headers={}) as copy:
                    await tell(copy, first_name, is_copy=True)
                    assert copy.sees("Press Run")
        name = first_name
        for _ in range(3):
            async with visit(app, headers={}) as reloaded:
                before, name = name, name_of(reloaded)
                await tell(reloaded, before)
                assert not reloaded.sees("Press Run")
                assert reloaded.sees("streaming")
        async with visit(app, headers={}) as late:
            await tell(late, first_name)
            assert late.sees("Press Run"), "its runs are another page's by now"
        assert len(api.posts) == 2
        assert not any(post.closed_s for post in api.posts)

    asyncio.run(play())
