"""What is imported and opened when, in processes of their own."""

import os
import subprocess
import sys

from ui.driving import SCRIPT

NEEDED = ["genai_prices.data", "playground.ui.page.page", "sqlalchemy", "streamlit.emojis"]
LIST = f"print([name for name in {NEEDED} if name in sys.modules])"


def python(code, **environ):
    return subprocess.run(
        [sys.executable, "-c", f"import sys\n{code}\n{LIST}"],
        cwd=SCRIPT.parent,
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        check=True,
    )


def test_the_server_listens_before_the_parts_of_the_page_are_imported():
    done = python("import playground.ui.app.routes, playground.ui.app.warming")
    assert done.stdout == "[]\n"


def test_what_the_first_page_needs_is_there_before_it_is_asked_for(tmp_path):
    log = tmp_path / "runs.db"
    done = python(
        "from playground.ui.app.warming import prepare; prepare().join()\n"
        "from playground.ui.session.services import services; services().log.close()",
        PLAYGROUND_LOG=f"sqlite:///{log}",
    )
    assert done.stdout == f"{NEEDED}\n"
    assert log.exists()


def test_the_first_page_is_drawn_without_pandas(tmp_path):
    done = python(
        "from streamlit.testing.v1 import AppTest\n"
        f"page = AppTest.from_file({str(SCRIPT)!r}, default_timeout=60).run()\n"
        "print(len(page.button) > 5, 'pandas' in sys.modules)",
        PLAYGROUND_LOG=f"sqlite:///{tmp_path / 'runs.db'}",
    )
    assert done.stdout.startswith("True False\n")


def test_a_server_that_begins_to_listen_prepares_the_first_page(tmp_path):
    done = python(
        "import asyncio, threading\n"
        "from playground.ui.app.routes import lifespan\n"
        "async def start():\n"
        "    async with lifespan(None):\n"
        "        [each.join() for each in threading.enumerate() if each.name == 'prepare']\n"
        "asyncio.run(start())\n"
        "from playground.ui.session.services import services; services().log.close()",
        PLAYGROUND_LOG=f"sqlite:///{tmp_path / 'runs.db'}",
    )
    assert done.stdout == f"{NEEDED}\n"


def test_a_setting_that_cannot_be_used_is_left_for_the_page_to_tell():
    done = python(
        "from playground.ui.app.warming import prepare; prepare().join()",
        PLAYGROUND_MAX_RUNS="many",
    )
    assert done.stdout == f"{NEEDED}\n"
    assert "Traceback" not in done.stderr
