"""The page as Streamlit's own harness drives it: press, wait for the runs, read."""

from pathlib import Path

SCRIPT = Path(__file__).parents[2] / "streamlit_app.py"


def finish(page, limit_s=30):
    """Wait until no run is live, then draw the page once more."""
    assert all(run.wait(limit_s) for run in page.session_state["runs"].values())
    return page.run()


def words(page):
    return "\n".join(element.value for element in [*page.markdown, *page.caption])


def press_run(page):
    page.button(key="run_all").click().run()
    return finish(page)


def open_more(page, letters="AB"):
    """Unfold every parameter of these variants."""
    for letter in letters:
        page.session_state[f"more_{letter}"] = True
    return page.run()


def open_band(page):
    page.session_state["experiment"] = True
    return page.run()


def ask(page, text="Capital of {{country}}?"):
    page.text_area(key="message_0_text").set_value(text)
    return page.run()


def paste(page, text):
    page.session_state["import_cases"] = True
    page.run()
    page.text_area(key="pasted_cases").set_value(text)
    return page.button(key="use_pasted_cases").click().run()


def drawn(page):
    """Whatever stands on the page."""
    tables = "".join(table.value.to_csv() for table in page.dataframe)
    texts = [*page.code, *page.text_area, *page.markdown, *page.caption]
    whole = "".join(str(element) for element in [*page.main, *page.sidebar])
    return whole + tables + "".join(str(element.value) for element in texts)
