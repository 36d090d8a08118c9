"""A browser, the real app on its own port, and a Messages API on loopback for it."""

import os

import pytest
from browser.driving import App, Screen, chromium
from fake_api import FakeApi

HOW = (
    "Browser tests need Playwright and Chromium: `pip install -r tests/requirements.txt` "
    "and the system's package `chromium` (or `google-chrome`)."
)
KEY = "sk-ant-browser-tests"


@pytest.fixture(scope="session")
def browser():
    """The system's Chromium. Without it the tests are skipped, but never on CI."""
    give_up = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        give_up(HOW)
    path = chromium()
    if path is None:
        give_up(HOW)
    from browser.driving import FLAGS

    with sync_playwright() as playwright:
        # Pages of one profile share a process, and what it has compiled.
        args = [*FLAGS, "--process-per-site"]
        found = playwright.chromium.launch(executable_path=path, args=args)
        yield found
        found.close()


@pytest.fixture(scope="module")
def start_app(browser, tmp_path_factory):
    """Starts the app with an environment; all are ended with the module."""
    apps = []

    def start(environment=(), script="streamlit_app.py"):
        apps.append(App(tmp_path_factory.mktemp("app"), environment, script))
        return apps[-1]

    yield start
    ended = [app for app in apps if app.close() is not None]
    assert ended == [], "an app ended by itself: " + ended[0].output()


@pytest.fixture(scope="session")
def shared_api():
    api = FakeApi()
    yield api
    api.close()


@pytest.fixture
def api(shared_api):
    """The Messages API on loopback, as if it had just been started."""
    shared_api.forget()
    return shared_api


@pytest.fixture(scope="session")
def app(browser, shared_api, tmp_path_factory):
    """The app with a server connection to the Messages API on loopback, for all files."""
    server = {"ANTHROPIC_BASE_URL": shared_api.url, "ANTHROPIC_API_KEY": KEY}
    app = App(tmp_path_factory.mktemp("app"), server)
    yield app
    assert app.close() is None, "the app ended by itself: " + app.output()


@pytest.fixture(scope="session")
def profile(browser):
    """A fresh profile; its cache and its process make later pages quick."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    # The pages of other tests begin anew: without a database no draft is brought back, and
    # Streamlit remembers in the storage that a sidebar was open.
    context.add_init_script("Object.defineProperty(window, 'indexedDB', { value: undefined })")
    context.add_init_script("localStorage.clear()")
    yield context
    context.close()


@pytest.fixture(scope="module")
def open_for_all(profile):
    """Opens a page that the tests of a module share, under the rules of `visit`. To open one
    takes longer than most of what is tested on it."""
    screens = []

    def open_(app, script=None):
        screens.append(Screen(profile, app))
        if script:
            screens[-1].page.add_init_script(script)
        return screens[-1].open()

    yield open_
    for screen in screens:
        screen.page.close()
        assert screen.elsewhere == screen.refused == []


@pytest.fixture
def visit(browser, profile):
    """Opens pages. None may ask any other host for anything, nor do what the policy forbids."""
    screens, own = [], []

    def open_(app, query="", script=None, viewport=None, *, is_ever_idle=False, **options):
        if not profile.pages:  # With its last page the process would end.
            profile.new_page().goto(f"{app.url}/_stcore/health")
        context = profile
        if options:
            context = browser.new_context(**options)
            own.append(context)
        screen = Screen(context, app, is_ever_idle=is_ever_idle)
        screens.append(screen)
        if script:
            screen.page.add_init_script(script)
        if viewport:
            screen.page.set_viewport_size(viewport)
        return screen.open(query)

    yield open_
    for screen in screens:
        screen.page.close()
    for context in own:
        context.close()
    assert [url for screen in screens for url in screen.elsewhere] == []
    assert [words for screen in screens for words in screen.refused] == []


@pytest.fixture
def screen(visit, app, api):
    """A page just opened, with the Messages API's memory empty."""
    return visit(app)
