"""The log as a place to work: search, filters, marks, undo, comparing, exports."""

import csv
import io
import json
import tempfile
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from ui.driving import finish, press_run, words

from playground.core.answer.retry import RetryPolicy
from playground.core.log.history import Filter, Mark
from playground.core.log.run_file import run_of
from playground.core.request.connection import DEMO
from playground.core.request.request import Message, Params, Prompt, Request
from playground.core.runs.run_plan import RunContext, Variant, plan
from playground.core.runs.run_row import RunRow, RunTexts
from playground.ui.log.export_files import FORMATS
from playground.ui.log.log import COLUMN_WIDTHS
from playground.ui.log.log_state import Prepared
from playground.ui.session.services import services

LOCAL = "local"


def controls(page, kind="button"):
    return {element.key for element in page.get(kind)}


def shown(page):
    """The runs in the table."""
    return [] if not page.dataframe else list(page.dataframe[0].value["Run"])


def opens(page, key):
    page.session_state[key] = True
    return page.run()


def select(page, *places):
    """As a browser does: the table keeps which rows are selected, then calls back."""
    ids = [row.run_id for row in services().log.history.page(LOCAL, Filter()).rows]
    chosen = tuple(ids[place] for place in places)
    page.session_state["log_selected"] = chosen
    page.session_state["opened_run"] = chosen[0] if len(chosen) == 1 else None
    return page.run()


def record(number, variant, prompt, whole=None, temperature=0.2, **changes):
    """A run as one press of Run would have recorded it."""
    at = datetime.now(UTC) - timedelta(minutes=10 - number)
    request = Request(
        Prompt("Be terse.", (Message("user", prompt),)),
        Params("claude-sonnet-4-6", 300, temperature=temperature),
    )
    wire = plan(
        RunContext(DEMO, RetryPolicy(), (), at, press=number), Variant(variant, request)
    ).wire
    row = RunRow(
        run_id=f"{int(at.timestamp() * 1e9):016x}{variant}", visitor=LOCAL, started_at=at,
        ended_at=at, press=number, variant=variant, connection="Demo", model=wire.model_id,
        params_json=json.dumps(wire.parameters()), status="done", attempts=1,
        input_tokens=9 * number, output_tokens=7, cost_usd=Decimal("0.0001"), cost_kind="simulated",
        duration_s=1.5, **changes,
    )  # fmt: skip
    sent = json.dumps({"headers": dict(wire.headers), "body": dict(wire.body)})
    texts = RunTexts(run_id=row.run_id, request_json=sent, answer=whole or f"On {prompt}")
    services().log.record(row, texts)


@pytest.fixture
def worked(page):
    """Two presses of Run: of the first the prompt says dosa, of the second idli."""
    for variant in "AB":
        record(1, variant, "Crisp dosa?")
        record(2, variant, "Soft idli?")
    assert services().log.flush(5)
    return page.run()


def test_the_log_is_searched_filtered_sorted_and_cleared(worked):
    page = worked
    assert shown(page) == ["2 B", "2 A", "1 B", "1 A"]
    page.text_input(key="log_search").input("dosa").run()
    assert set(shown(page)) == {"1 A", "1 B"}
    assert "**2** runs found" in words(page)
    opens(page, "log_filters")
    assert page.multiselect(key="log_variants").options == ["A", "B"]
    assert "log_experiment" not in [each.key for each in page.selectbox]
    page.multiselect(key="log_variants").select("B").run()
    assert shown(page) == ["1 B"]
    assert page.button(key="without_log_variants").label == "variant B"
    opens(page, "log_filters")
    page.text_input(key="log_to_day").set_value("1 Jan 2020").run()
    assert shown(page) == []
    assert "Nothing matches" in words(page)
    page.button(key="log_clear_all").click().run()
    assert len(shown(page)) == 4
    assert page.text_input(key="log_search").value == ""
    page.selectbox(key="log_sort").select("oldest").run()
    assert shown(page)[0].startswith("1 ")
    opens(page, "log_filters")
    page.text_input(key="log_to_usd").set_value("1").run()
    assert len(shown(page)) == 4
    opens(page, "log_filters")
    page.text_input(key="log_from_usd").set_value("2").run()
    assert "lowest cost is above" in words(page)
    assert not page.exception


def test_the_cost_of_a_run_is_in_sight_however_long_its_name_and_parameters_are(page):
    record(1, "A", "Crisp dosa?", cell="case 12 · repeat 3")
    record(2, "B", "Crisp dosa?", temperature=0.123456789)
    assert services().log.flush(5)
    page.run()
    [log] = [each.value for each in page.dataframe if "Answer or error" in each.value]
    names = list(log.columns)
    assert names[:7] == [
        "Prompt", "Answer or error", "Time", "Model", "Parameters", "Status", "Cost",
    ]  # fmt: skip
    assert names.index("Run") > names.index("Cost")
    assert log["Parameters"][0].endswith("…")
    boxes_px, time_px, longest_model_px = 33, 108, 160
    fixed_px = sum(COLUMN_WIDTHS.values())
    assert boxes_px + time_px + longest_model_px + fixed_px <= 1240


def test_cost_by_day_is_drawn_only_when_its_expander_is_open(worked):
    page = worked
    assert not page.get("vega_lite_chart")
    opens(page, "log_chart")
    assert page.get("vega_lite_chart")
    assert "simulated" in words(page)
    assert not page.exception


def test_a_run_goes_back_into_the_editor_and_can_be_undone(worked):
    page = worked
    page.text_area(key="message_0_text").input("My own").run()
    page.text_input(key="max_tokens_A").set_value("40").run()
    select(page, 3)
    page.button(key="edit_run").click().run()
    assert page.text_area(key="message_0_text").value == "Crisp dosa?"
    assert page.text_input(key="max_tokens_A").value == "300"
    assert page.text_input(key="max_tokens_B").value == "300"
    assert page.session_state["runs"] == {}
    assert "Run 1 A is in the editor as variant A" in words(page)
    page.button(key="placed_undo").click().run()
    assert page.text_area(key="message_0_text").value == "My own"
    assert page.text_input(key="max_tokens_A").value == "40"
    assert "placed_undo" not in controls(page)


def test_a_run_of_a_variant_that_was_removed_comes_back_as_that_variant(worked):
    page = worked
    page.session_state["more_B"] = True
    page.run()
    page.button(key="remove_variant_B").click().run()
    page.text_input(key="max_tokens_A").set_value("40").run()
    select(page, 2)
    name = shown(page)[2]
    assert name.endswith("B")
    page.button(key="edit_run").click().run()
    assert page.session_state["variants"] == ["A", "B"]
    assert page.text_input(key="max_tokens_A").value == "40"
    assert page.text_input(key="max_tokens_B").value == "300"
    assert f"Run {name} is in the editor as variant B" in words(page)
    page.button(key="edit_run").click().run()
    assert f"Run {name} is in the editor as variant B" in words(page), "also where it was already"
    page.button(key="placed_undo").click().run()
    assert page.session_state["variants"] == ["A"]
    assert not page.exception


def test_double_braces_that_were_sent_are_no_variable_in_the_editor(page):
    record(1, "A", r"Write {{a}} and \{{b}}.")
    assert services().log.flush(5)
    select(page.run(), 0)
    page.button(key="edit_run").click().run()
    assert page.text_area(key="message_0_text").value == r"Write \{{a}} and \\{{b}}."
    assert "only marks that this is not a variable" in words(page)
    assert "would be sent literally" not in words(page)
    press_run(page)
    sent = page.session_state["runs"]["A"].exchanges[-1].sent.body
    assert json.loads(sent)["messages"][0]["content"] == r"Write {{a}} and \{{b}}."


def test_a_run_with_carriage_returns_goes_into_the_editor_as_its_fields_hold_it(page):
    record(1, "A", "a\r\nb")
    assert services().log.flush(5)
    select(page.run(), 0)
    page.button(key="edit_run").click().run()
    assert page.text_area(key="message_0_text").value == "a\nb"
    helps = [caption.help for caption in page.caption if "is in the editor" in caption.value]
    assert helps == ["Its carriage returns are now line feeds\\."]


def test_a_run_of_the_log_is_run_again_as_it_was(worked):
    page = worked
    select(page, 3)
    page.button(key="run_run").click().run()
    finish(page)
    again = page.session_state["runs"]["A"]
    assert (again.status, again.plan.wire.body["temperature"]) == ("done", 0.2)
    assert json.loads(again.exchanges[-1].sent.body)["messages"][0]["content"] == "Crisp dosa?"
    assert shown(page)[0] == "1 A"


def test_a_run_is_starred_tagged_noted_deleted_and_brought_back(worked):
    page = worked
    select(page, 0)
    name = shown(page)[0]
    page.button(key="star_run").click().run()
    run_id = page.session_state["opened_run"]
    log = services().log.history
    assert page.dataframe[0].value["★"].iloc[0] == "★"
    page.text_area(key=f"note_{run_id}").input("The best one").run()
    mark = log.marks(LOCAL, [run_id])[run_id]
    assert (mark.is_starred, mark.note) == (True, "The best one")
    opens(page, "log_filters")
    page.toggle(key="log_starred").set_value(True).run()
    assert shown(page) == [name]
    page.button(key="log_clear").click().run()
    select(page, 0)
    page.button(key="delete_run").click().run()
    assert name not in shown(page)
    assert f"Run {name} is deleted" in words(page).replace("\\", "")
    page.button(key="log_undo_button").click().run()
    assert shown(page)[0] == name
    assert log.marks(LOCAL, [run_id])[run_id] == mark
    assert not page.exception


def test_two_selected_runs_are_compared(worked):
    page = worked
    select(page, 0, 3)
    page.button(key="compare_runs").click().run()
    assert not page.exception
    differing = list(page.dataframe[1].value[""])
    assert "model" not in differing
    assert "only in Run 1 A and only in Run 2 B." in words(page)
    assert any("Soft idli?" in code.value and "-Crisp dosa?" in code.value for code in page.code)
    select(page, 0, 1, 2)
    assert "Select two to compare them" in words(page)


def test_two_runs_of_one_name_are_compared_in_columns_of_two_names(worked):
    page = worked
    record(1, "A", "Crisp dosa?", stop_reason="max_tokens")
    assert services().log.flush(5)
    page.run()
    same = [at for at, name in enumerate(shown(page)) if name == "1 A"]
    select(page, *same)
    page.button(key="compare_runs").click().run()
    assert not page.exception
    differing = page.dataframe[1].value
    assert list(differing[""]) == ["stop reason"]
    assert differing.shape == (1, 3)
    assert all(name.startswith("Run 1 A") for name in differing.columns[1:])


def test_a_run_without_a_text_says_why_in_its_row_and_in_full(page):
    page.selectbox(key="demo_scenario").select("refusal").run()
    press_run(page)
    assert services().log.flush(5)
    page.run()
    refused = "Refused: the model declined to answer."
    assert list(page.dataframe[0].value["Answer or error"]) == [refused] * 2
    select(page, 0)
    assert refused in words(page).replace("\\", "")


def test_a_row_is_fitted_to_its_cells_and_writes_numbers_as_the_fields_do(page):
    record(
        1,
        "A",
        "Tell me at length why a dosa sticks to the pan.",
        whole="**Hot** pan. " * 20,
        temperature=1.0,
    )
    assert services().log.flush(5)
    [row] = page.run().dataframe[0].value.to_dict("records")
    assert row["Prompt"] == "Tell me at length why a dosa…"
    assert row["Answer or error"] == "Hot pan. Hot pan. Hot pan. Hot pan. Hot…"
    assert row["Parameters"] == "max_tokens 300, temperature 1"


def test_what_is_filtered_is_exported(worked):
    page = worked
    page.text_input(key="log_search").input("dosa").run()
    page.button(key="export_log").click().run()
    assert "Excel takes at most 32,767 characters in a cell. JSONL is exact." in words(page)
    assert "Prepare 2 runs" in {button.label for button in page.button}
    page.button(key="export_prepare").click().run()
    assert not page.exception
    ready = page.session_state["log_file"]
    ready.file.seek(0)
    rows = list(csv.DictReader(io.StringIO(ready.file.read().decode("utf-8-sig"), newline="")))
    assert {row["variant"] for row in rows} == {"A", "B"}
    assert all(row["prompt"] == "Be terse.\nCrisp dosa?" and row["answer"] for row in rows)
    [button] = page.get("download_button")
    assert "Save 2 as CSV" in str(button.proto.label)


@pytest.mark.parametrize("form", FORMATS, ids=lambda form: form.name)
def test_an_export_that_the_disk_has_no_room_for_is_refused_in_plain_words(
    worked, monkeypatch, form
):
    page = worked
    page.button(key="export_log").click().run()
    page.button_group(key="export_format").set_value([form.name]).run()
    full = lambda: open("/dev/full", "w+b")  # noqa: E731, SIM115
    monkeypatch.setattr(tempfile, "TemporaryFile", full)
    page.button(key="export_prepare").click().run()
    assert not page.exception
    assert [error.value for error in page.error] == ["Not prepared: the server's disk is full."]
    assert not page.get("download_button")

    def unwritable():
        raise FileNotFoundError(2, "No usable temporary directory found in ['/secret']")

    monkeypatch.setattr(tempfile, "TemporaryFile", unwritable)
    page.button(key="export_prepare").click().run()
    assert not page.exception
    assert [error.value for error in page.error] == [
        "Not prepared: the server can't write temporary files."
    ]
    monkeypatch.undo()
    page.button(key="export_prepare").click().run()
    assert not page.error
    assert page.get("download_button")


def test_an_export_of_a_log_that_cannot_be_read_says_that_it_is_not_whole(worked):
    page = worked
    page.button(key="export_log").click().run()
    file = Path(services().log.housekeeping.size().file)
    file.rename(file.with_name("moved.db"))
    file.mkdir()
    page.button(key="export_prepare").click().run()
    assert not page.exception
    assert any("The log can't be read just now" in said.value for said in page.warning)
    assert page.get("download_button")


def test_every_format_holds_every_run_and_nothing_of_the_visitor(worked):
    history = services().log.history
    found = {}
    for form in FORMATS:
        file = io.BytesIO()
        parts = history.parts(LOCAL, Filter(), with_texts=True, size=3)
        assert list(form.write(file, parts, True)) == [3, 1]
        found[form.name] = file.getvalue()
        assert worked.session_state["owner"].encode() not in file.getvalue()
    lines = found["JSONL"].decode().splitlines()
    kept = [kept for part in history.parts(LOCAL, Filter(), with_texts=True) for kept in part]
    assert [run_of(line, LOCAL) for line in lines] == kept
    assert not any("visitor" in json.loads(line) for line in lines)
    table = pq.read_table(io.BytesIO(found["Parquet"])).to_pylist()
    assert [row["cost_usd"] for row in table] == [each.row.cost_usd for each in kept]
    assert [row["started_at"] for row in table] == [each.row.started_at for each in kept]
    assert [row["answer"] for row in table] == [each.texts.answer for each in kept]


def test_house_is_kept_in_its_dialog(worked):
    page = worked
    page.button(key="log_housekeeping").click().run()
    assert not page.exception
    assert "The log takes" in words(page)
    page.button(key="back_up_log").click().run()
    assert any("Copied to" in info.value for info in page.info)
    today = services().log.history.page(LOCAL, Filter()).rows[0].started_at.date()
    page.text_input(key="old_last_day").set_value(str(today)).run()
    page.button(key="drop_old_texts").click().run()
    assert any("4 runs were kept as numbers only" in info.value for info in page.info)
    assert services().log.history.page(LOCAL, Filter("dosa")).rows == ()
    page.button(key="restore_log").click().run()
    assert not page.exception
    assert any("Restored" in info.value for info in page.info)
    page.button(key="delete_old").click().run()
    assert not page.exception
    assert services().log.count(LOCAL) == 0


def test_a_day_that_cannot_be_read_stays_and_is_said_and_hides_no_run(worked):
    page = opens(worked, "log_filters")
    for text, why in (
        ("2026-02-30", "To day “2026-02-30” is not in the calendar"),
        ("3/4/2026", "To day “3/4/2026” could mean 2026-03-04 or 2026-04-03"),
    ):
        page.text_input(key="log_to_day").set_value(text).run()
        assert words(page).replace("\\", "").count(why) == 2, "at the field, and above the table"
        assert page.text_input(key="log_to_day").value == text
        assert len(shown(page)) == 4


def test_old_runs_are_deleted_up_to_the_day_that_was_counted_or_not_at_all(worked):
    page = worked
    page.button(key="log_housekeeping").click().run()
    today = str(services().log.history.page(LOCAL, Filter()).rows[0].started_at.date())
    page.text_input(key="old_last_day").set_value(today).run()
    page.text_input(key="old_last_day").set_value("2020-01-01")
    page.button(key="delete_old").click().run()  # Together, as a click that leaves the field.
    assert any("the day had changed" in info.value for info in page.info)
    assert services().log.count(LOCAL) == 4
    assert "No runs are that old" in words(page)
    for text, why in (("2999-01-01", "is after"), ("", "The day is empty")):
        page.text_input(key="old_last_day").set_value(text).run()
        assert why in words(page)
        assert "delete_old" not in [button.key for button in page.button]


def test_a_note_and_a_tag_stay_where_the_click_that_leaves_their_field_is_on_star(worked):
    page = worked
    run_id = services().log.history.page(LOCAL, Filter()).rows[0].run_id
    page.session_state["opened_run"] = run_id
    page.run()
    page.text_area(key=f"note_{run_id}").input("The best one")
    page.multiselect(key=f"tags_{run_id}").set_value(["dosa"])
    page.button(key="star_run").click().run()
    [mark] = services().log.history.marks(LOCAL, [run_id]).values()
    assert (mark.is_starred, mark.tags, mark.note) == (True, ("dosa",), "The best one")


def test_a_star_takes_no_other_mark_away_that_could_not_be_read_when_it_was_drawn(
    worked, monkeypatch
):
    page, history = worked, services().log.history
    run_id = history.page(LOCAL, Filter()).rows[0].run_id
    best = Mark(tags=("dosa",), note="The best one")
    history.change_mark(LOCAL, run_id, lambda _: best)
    page.session_state["opened_run"] = run_id
    with monkeypatch.context() as outage:
        outage.setattr(type(history), "marks", lambda _, __, ids: dict.fromkeys(ids, Mark()))
        page.run()
        page.button(key="star_run").click().run()
    assert history.marks(LOCAL, [run_id]) == {run_id: Mark(True, ("dosa",), "The best one")}


def test_starred_runs_are_not_deleted_where_they_are_to_stay_by_the_time_of_the_click(worked):
    page = worked
    page.button(key="log_housekeeping").click().run()
    today = str(services().log.history.page(LOCAL, Filter()).rows[0].started_at.date())
    page.text_input(key="old_last_day").set_value(today).run()
    page.toggle(key="old_keeps_starred").set_value(False).run()
    page.toggle(key="old_keeps_starred").set_value(True)
    page.button(key="delete_old").click().run()  # Together, as two quick clicks.
    assert any("the choice about starred runs had changed" in info.value for info in page.info)
    assert services().log.count(LOCAL) == 4


def test_the_backup_that_is_chosen_by_the_time_of_the_click_is_restored(worked):
    page = worked
    page.button(key="log_housekeeping").click().run()
    page.button(key="back_up_log").click().run()
    today = str(services().log.history.page(LOCAL, Filter()).rows[0].started_at.date())
    page.text_input(key="old_last_day").set_value(today).run()
    page.button(key="delete_old").click().run()
    page.button(key="back_up_log").click().run()
    assert services().log.count(LOCAL) == 0
    page.selectbox(key="log_backup").select_index(0).run()
    page.selectbox(key="log_backup").select_index(1)
    page.button(key="restore_log").click().run()
    assert any("Restored" in info.value for info in page.info)
    assert services().log.count(LOCAL) == 4


def test_a_prepared_file_is_closed_once_nobody_holds_it():
    file = tempfile.TemporaryFile()  # noqa: SIM115 (to be closed by what holds it)
    prepared = Prepared("runs.csv", "text/csv", 1, None, file)
    assert not prepared.file.closed
    del prepared
    assert file.closed
