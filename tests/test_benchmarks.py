"""The benchmarks that need no browser still run; how fast, they say by hand."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SMALL = {
    "batches": ("--results", "20", "--characters", "50"),
    "history": ("--rows", "50", "--characters", "20"),
    "kills": ("--kills", "1"),
    "log": ("--rows", "50"),
    "raw_events": ("--runs", "2", "--tokens", "5", "--rounds", "1"),
    "soak": ("--runs", "5", "--warm-up", "5"),
}


@pytest.mark.parametrize("name", SMALL)
def test_a_benchmark_runs_to_its_end(name):
    done = subprocess.run(
        [sys.executable, "-m", f"tests.benchmarks.{name}", *SMALL[name]],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": "tests"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout
