"""The real app as a process, and its page as a person uses it.

Shared by the tests here and by `tests/benchmarks/stop.py`. Nothing waits for a fixed time.
"""

import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import urlsplit

PATIENCE_S = 60.0
"""How long anything may take: no test here says how fast it is, `tests/benchmarks/` measures."""
try:
    from playwright.sync_api import expect
except ImportError:  # The fixture `browser` says how to get it.
    expect = None
else:
    expect.set_options(timeout=1000 * PATIENCE_S)

ROOT = Path(__file__).resolve().parents[2]
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP demo.example 127.0.0.1",
]
SHARED = {"STREAMLIT_SERVER_ALLOWED_HOSTS": "demo.example"}
"""The settings of an app that also strangers ask for: `App.from_elsewhere`."""
FOREIGN = ("ANTHROPIC_", "PLAYGROUND_", "STREAMLIT_", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
LETTERS = "ABCDEF"
SIDEBAR = ("Budget", "Retries", "About", "History")
"""Its expanders."""
SIDEBAR_LISTS = ("connection", "sample")
OVER = re.compile(r"^(done|stopped|failed|interrupted)\b")
# What a page loads when it has nothing else to do would take each test a second.
NEVER_IDLE = "window.requestIdleCallback = () => 0;"


def chromium():
    """The system's Chromium, or None."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    return next(filter(None, map(shutil.which, names)), None)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def until(condition, timeout_s=PATIENCE_S, what="the condition"):
    """Poll until `condition()` is truthy and return what it gave."""
    give_up_s = time.monotonic() + timeout_s
    while not (found := condition()):
        assert time.monotonic() < give_up_s, f"{what} did not come true in {timeout_s} s"
        time.sleep(0.02)
    return found


class App:
    """`streamlit run` of the app (or of another script) with an environment of its own."""

    def __init__(self, folder, environment=(), script="streamlit_app.py", port=None):
        self.folder = Path(folder)
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.host = urlsplit(self.url).netloc
        self.log_file = self.folder / "runs.db"
        self.output_file = self.folder / "output.txt"
        kept = {n: v for n, v in os.environ.items() if not n.upper().startswith(FOREIGN)}
        log = {"PLAYGROUND_LOG": f"sqlite:///{self.log_file}", "HOME": str(self.folder)}
        command = [
            *(sys.executable, "-m", "streamlit", "run", str(script)),
            *("--server.port", str(self.port), "--server.headless", "true"),
            *("--server.address", "127.0.0.1", "--server.fileWatcherType", "none"),
        ]
        with self.output_file.open("wb") as output:
            self.process = subprocess.Popen(
                command,
                cwd=ROOT,
                env={**kept, **log, **dict(environment)},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        try:
            until(self._answers, what="the app's health check")
        except BaseException:
            self.close()
            print(self.output())
            raise

    def _answers(self):
        assert self.process.poll() is None, f"the app ended: {self.output()}"
        try:
            with urllib.request.urlopen(f"{self.url}/_stcore/health", timeout=2) as reply:
                return reply.status == 200
        except OSError:
            return False

    @property
    def from_elsewhere(self):
        """The app under a name that is not this machine's. (The headers that a browser's context
        is given are not on its sockets: they make nobody a stranger.)"""
        host = f"demo.example:{self.port}"
        return SimpleNamespace(url=f"http://{host}", host=host)

    def output(self):
        return self.output_file.read_text("utf-8", "replace")

    def log_bytes(self):
        """Everything that the log has on disk, the write-ahead log included."""
        files = sorted(self.folder.glob("runs.db*"))
        assert files, "the app has not written a log"
        return b"".join(file.read_bytes() for file in files)

    def close(self):
        """End the app; the exit code if it had already ended by itself."""
        ended = self.process.poll()
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(10)
        return ended


class Screen:
    """One visitor's page, and what it has asked for and received."""

    def __init__(self, context, app, *, is_ever_idle=False):
        self.app = app
        self.page = context.new_page()
        self.page.set_default_timeout(1000 * PATIENCE_S)
        if not is_ever_idle:
            self.page.add_init_script(NEVER_IDLE)
        self.errors = []
        self.elsewhere = []
        self.refused = []
        self.frames = []
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("request", self._asked)
        self.page.on("websocket", self._connected)

    def _heard(self, message):
        if message.type == "error":
            self.errors.append(message.text)
            if "Content Security Policy" in message.text:
                self.refused.append(message.text)

    def _asked(self, request):
        parts = urlsplit(request.url)
        if parts.scheme in ("http", "https", "ws", "wss") and parts.netloc != self.app.host:
            self.elsewhere.append(request.url)

    def _connected(self, websocket):
        websocket.on("framereceived", self._received)

    def _received(self, payload):
        self.frames.append(payload.encode() if isinstance(payload, str) else payload)

    def open(self, query=""):
        self.page.goto(self.app.url + "/" + query)
        return self._arrived()

    def reload(self):
        """Load the page anew; a server that has just started takes its time."""
        self.page.reload()
        return self._arrived()

    def _arrived(self):
        self.button("run_all").wait_for()
        self.page.wait_for_function("() => window.playgroundAnswers")  # It looks at what is typed.
        self.settle()
        return self

    def settle(self):
        """Wait until no script runs and none is about to (Streamlit debounces).

        A field is empty for some frames before it shows its value, and the first of its kind
        is a grey bar until its code is loaded: on a slow machine both take longer
        than the pause.
        """
        self.page.wait_for_function(
            """() => new Promise(resolve => {
                let since = performance.now(), frames = 0;
                const look = () => {
                    const app = document.querySelector("[data-testid=stApp]");
                    const state = app && app.getAttribute("data-test-script-state");
                    frames += 1;
                    const isLoading = document.querySelector("[data-testid=stSkeleton]");
                    if (state !== "notRunning" || isLoading)
                        [since, frames] = [performance.now(), 0];
                    if (performance.now() - since > 250 && frames > 8) resolve(true);
                    else requestAnimationFrame(look);
                };
                look();
            })"""
        )

    def at(self, key):
        return self.page.locator(f".st-key-{key}")

    def button(self, key):
        return self.at(key).locator("button").first

    def click(self, key):
        """Press a button whose effect is that the script runs."""
        self.button(key).click()
        self.settle()

    def open_lesson(self, number):
        self.button("lessons").click()
        self.page.get_by_role("menuitem", name=re.compile(f"{number} ")).click()

    def status(self, letter="A"):
        return self.at(f"status_{letter}")

    def answer(self, letter="A"):
        return self.at(f"answer_{letter}")

    def write(self, key, text):
        """Type into a text area or a field and leave it."""
        field = self.at(key).locator("textarea, input").first
        field.fill(text)
        is_area = field.evaluate("field => field.tagName") == "TEXTAREA"
        self.page.keyboard.press("Tab" if is_area else "Enter")
        self.settle()

    def show_sidebar(self):
        """Open the sidebar, which starts closed."""
        if self.page.get_by_test_id("stSidebar").get_attribute("data-collapsed") == "true":
            self.click("show_connection")
            expect(self.at("connection")).to_be_in_viewport()

    def show_more(self, letter="A"):
        """Open the popover of a variant."""
        self.click(f"more_{letter}")
        expect(self.at(f"tools_{letter}")).to_be_visible()

    def remove_variant(self, letter):
        self.show_more(letter)
        self.click(f"remove_variant_{letter}")

    def unfold(self, title):
        """Open an expander of the sidebar or a card by its title."""
        if title in SIDEBAR:
            self.show_sidebar()
        expander = self.page.locator("details", has=self.page.locator("summary", has_text=title))
        found = expander.last
        if found.get_attribute("open") is None:
            found.locator("summary").click()
            self.settle()
        return found

    def choose(self, key, text):
        """Pick from a selectbox, or type what it does not offer."""
        if key in SIDEBAR_LISTS:
            self.show_sidebar()
        field = self.at(key).locator("input")
        field.click()
        field.fill(text)
        self.page.keyboard.press("Enter")
        self.settle()

    def close_dialog(self):
        """By its own button: after a download the focus may be nowhere, and Escape unheard."""
        dialog = self.page.get_by_role("dialog")
        dialog.get_by_label("Close").click()
        expect(dialog).to_have_count(0)
        self.settle()

    def select_row(self, index):
        """Click the box of a row of the log; the table is a canvas."""
        grid = self.at("log").get_by_test_id("stDataFrame").first
        # Waits until the table stands still: a detail that opens may scroll the page.
        grid.click(position={"x": 14, "y": 36 + 35 * index + 17})
        self.settle()

    def attempts(self, number):
        self.unfold("Retries")
        self.write("attempts", str(number))

    def variants(self, count):
        """Add variants until there are so many."""
        for letter in LETTERS[self.page.locator("[class*=st-key-icons_variant_]").count() : count]:
            self.button("add_variant").click()
            expect(self.at(f"variant_{letter}")).to_be_visible()
        self.settle()

    def words(self, letter="A"):
        """The words of an answer of `FakeApi`, which must be all from the first on."""
        words = self.answer(letter).inner_text().split()
        assert words == [f"word{number}" for number in range(len(words))]
        return words

    def run(self):
        self.button("run_all").click()

    def stop(self):
        self.button("stop_all").click()

    def await_status(self, word, letters="AB"):
        for letter in letters:
            expect(self.status(letter)).to_have_text(re.compile(f"^{word}"))

    def await_end(self, letters="AB"):
        for letter in letters:
            expect(self.status(letter)).to_have_text(OVER)
        expect(self.button("run_all")).to_be_enabled()
        self.settle()

    def meanwhile(self, condition, what="the condition"):
        """Wait for something outside the page while the page goes on."""
        give_up_s = time.monotonic() + PATIENCE_S
        while not condition():
            assert time.monotonic() < give_up_s, f"{what} did not come true in {PATIENCE_S} s"
            self.page.wait_for_timeout(20)

    def await_posts(self, api, count):
        self.meanwhile(lambda: len(api.posts) >= count, what=f"{count} requests")

    def await_hang_up(self, posts):
        self.meanwhile(lambda: all(post.closed_s for post in posts), what="the hang-up")
