"""Whatever a model writes, the page goes on to answer clicks.

How soon, and all texts: `python -m tests.benchmarks.clicks`.
"""

import pytest
from browser.heavy import HEAVY, OF_EACH_KIND, Pieces, click_retry

TOGETHER = 4
PRESSES = [OF_EACH_KIND[at : at + TOGETHER] for at in range(0, len(OF_EACH_KIND), TOGETHER)]


@pytest.fixture(scope="module")
def four(open_for_all, app):
    """A page with four variants, which the presses share."""
    screen = open_for_all(app)
    screen.variants(TOGETHER)
    screen.show_sidebar()  # There stands what is clicked meanwhile.
    return screen


@pytest.mark.parametrize("names", PRESSES, ids=" + ".join)
def test_the_page_answers_while_heavy_texts_stream_and_after(four, api, names):
    pieces = Pieces(HEAVY[name] for name in names)
    api.handler = pieces.stream
    four.run()
    four.await_posts(api, TOGETHER)
    four.await_status("streaming", "ABCD")
    click_retry(four)
    api.call(pieces.go_on)
    four.await_end("ABCD")
    click_retry(four)
    assert four.errors == []
