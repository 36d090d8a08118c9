"""Runs that could not be saved, as JSON Lines."""

import json
from datetime import UTC, datetime
from decimal import Decimal

from playground.core.kept import to_jsonl
from playground.core.rows import RunRow, RunTexts

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def run(number, **changes):
    return RunRow(
        run_id=f"{number}", visitor="ada", started_at=NOON, press=number, variant="A",
        connection="Demo", model="m", params_json="{}", status="done", **changes,
    )  # fmt: skip


def test_each_run_is_one_line_with_its_texts_and_exact_money():
    hostile = "two\nlines \u2028 and a half \ud83d"
    first = run(1, cost_usd=Decimal("0.000000000001"), ended_at=NOON)
    told = to_jsonl([(first, RunTexts(run_id="1", answer=hostile)), (run(2), None)])
    one, two = map(json.loads, told.rstrip("\n").split("\n"))
    assert (one["answer"], one["cost_usd"]) == (hostile, "0.000000000001")
    assert one["started_at"] == one["ended_at"] == "2026-11-23T12:00:00+00:00"
    assert (two["run_id"], two["status"], "answer" in two) == ("2", "done", False)
    assert told.encode().endswith(b"}\n")
    assert to_jsonl([]) == ""
