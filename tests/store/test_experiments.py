"""Experiments and the runs of their cells, as the store keeps them for each visitor."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from playground.core.batch.submission import PlannedRequest, Submission
from playground.core.experiment.case_checks import CheckResult
from playground.core.experiment.cells import CheckedCell, ExperimentRow, StartedCell, answer_key
from playground.core.text.refusal import Refusal

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def experiment(number=1, visitor="ada", **changes):
    plain = {
        "experiment_id": f"{number:04}",
        "visitor": visitor,
        "name": f"Experiment {number}",
        "created_at": NOON + timedelta(minutes=number),
        "cells": 4,
        "definition_json": '{"version": 1}',
    }
    return ExperimentRow(**plain | changes)


def test_experiments_are_kept_listed_and_forgotten_for_their_visitor_alone(log):
    store = log.experiments
    for number in (1, 2):
        assert store.save(experiment(number)) is None
    assert store.save(experiment(1, visitor="eve", name="Hers")) is None
    assert store.get("ada", "0001") == experiment(1)
    listed = store.list_experiments("ada")
    assert [row.name for row in listed] == ["Experiment 2", "Experiment 1"]
    assert listed[0].definition_json == ""
    assert store.save(experiment(1, name="Renamed")) is None
    assert store.get("ada", "0001").name == "Renamed"
    assert store.get("eve", "0002") is None
    assert store.delete("eve", "0001") is None
    assert store.get("eve", "0001") is None
    assert store.get("ada", "0001") is not None


def test_a_cell_is_as_far_as_its_run_is(log, row, texts):
    store = log.experiments
    assert store.save(experiment()) is None
    runs = [row(number) for number in range(4)]
    begun = [StartedCell(f"cell-{number}", run.run_id) for number, run in enumerate(runs)]
    assert store.save_starts("ada", "0001", begun) is None
    cells = store.cells("ada", "0001")
    assert [cells[each.cell_id].run for each in begun] == [None] * 4
    log.record(runs[0], texts(runs[0], answer="Hello"))
    log.record(row(1, status="failed", error_kind="overloaded", cost_usd=Decimal(0)))
    log.record(row(2, status="interrupted", error_message="The app stopped"))
    log.record(row(3, status="stopped"))
    for _ in range(2):  # from memory, then from the database
        cells = store.cells("ada", "0001")
        finished = [cells[f"cell-{number}"].is_finished for number in range(4)]
        assert finished == [True, True, False, False]
        assert cells["cell-0"].run == runs[0]
        assert store.answers("ada", [runs[0].run_id, "no such"]) == {runs[0].run_id: "Hello"}
        assert log.flush(5)
    assert [cells[each.cell_id].run_id for each in begun] == [run.run_id for run in runs]
    assert store.cells("eve", "0001") == {}
    assert store.answers("eve", [runs[0].run_id]) == {}


def test_a_cell_waits_for_its_batch_until_the_result_is_taken_in(log, row):
    runs = [row(number) for number in range(2)]
    begun = [StartedCell(f"cell-{number}", run.run_id) for number, run in enumerate(runs)]
    for name in ("0001", "0002"):
        assert log.experiments.save_starts("ada", name, begun) is None
    asked = [
        PlannedRequest(custom_id=run.run_id, model="m", params_json="{}", request_json="{}")
        for run in runs
    ]
    batch = Submission(
        visitor="ada", submission_id="s1", connection_kind="demo", connection_label="Demo",
        models=("m",), requests=2, submitted_at=NOON, experiment_id="0001",
    )  # fmt: skip
    assert log.batches.save(batch, asked) is None

    def waiting(experiment_id="0001"):
        cells = log.experiments.cells("ada", experiment_id)
        return [cells[each.cell_id].is_in_batch for each in begun]

    assert (waiting(), waiting("0002")) == ([True, True], [False, False])
    log.record(runs[0])
    assert log.flush(5)
    assert waiting() == [True, True]
    assert log.batches.forget_requests("ada", "s1", [runs[0].run_id]) is None
    assert waiting() == [False, True]
    assert log.experiments.cells("ada", "0001")["cell-0"].is_finished


def test_a_cell_never_shows_the_run_of_another_visitor(log, row, texts):
    log.record(row(1, visitor="eve"), texts(row(1)))
    assert log.flush(5)
    assert log.experiments.save_starts("ada", "0001", [StartedCell("cell", row(1).run_id)]) is None
    assert log.experiments.cells("ada", "0001")["cell"].run is None
    assert log.experiments.answers("ada", [row(1).run_id]) == {}


def test_what_checks_said_is_kept_until_the_cell_is_run_again(log, row):
    store = log.experiments
    assert store.save_starts("ada", "0001", [StartedCell("cell", row(1).run_id)]) is None
    log.record(row(1))
    said = {
        "k1": CheckResult(True),
        "k2": CheckResult(False, "It is “x”."),
        "k3": CheckResult(None),
    }
    done = CheckedCell("cell", said, answer_key("Hello"))
    assert store.save_checks("ada", "0001", [done]) is None
    cell = store.cells("ada", "0001")["cell"]
    assert (cell.results, cell.answer_key) == (said, answer_key("Hello"))
    assert [cell.passed(keys) for keys in (["k1"], ["k1", "k2"], ["k1", "k3"], ["new"], [])] == [
        True,
        False,
        None,
        None,
        None,
    ]
    measured = cell.measured(["k1"])
    assert (measured.is_error, measured.passed, measured.output_tokens) == (False, True, 5)
    assert store.save_starts("ada", "0001", [StartedCell("cell", row(2).run_id)]) is None
    assert store.cells("ada", "0001")["cell"].results == {}


def test_deleting_all_of_a_visitor_takes_his_experiments_too(log, row):
    store = log.experiments
    for visitor in ("ada", "eve"):
        assert store.save(experiment(visitor=visitor)) is None
        assert store.save_starts(visitor, "0001", [StartedCell("cell", "r")]) is None
    log.delete_all("ada")
    assert log.flush(5)
    assert store.list_experiments("ada") == ()
    assert store.cells("ada", "0001") == {}
    assert len(store.list_experiments("eve")) == len(store.cells("eve", "0001")) == 1


def test_what_cannot_be_kept_is_refused_with_the_cause(open_log, tmp_path):
    folder = tmp_path / "not-a-file.db"
    folder.mkdir()
    refused = open_log(f"sqlite:///{folder}").experiments.save(experiment())
    assert isinstance(refused, Refusal)
    assert refused.sentence.startswith("Experiments cannot be kept just now: ")


@pytest.mark.parametrize("text", ["half \ud800", "nul \0"])
def test_texts_that_no_database_can_hold_are_replaced(log, text):
    assert log.experiments.save(experiment(name=text)) is None
    assert log.experiments.get("ada", "0001").name.endswith("\ufffd")
