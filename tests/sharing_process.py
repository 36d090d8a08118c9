"""The log of an app as a process of its own, which does as it is told: `python
sharing_process.py LOG`. It reads lines of JSON such as ["claim", "x"] and answers each."""

import json
import sys
import threading
import time
from datetime import UTC, datetime
from decimal import Decimal

from playground.core.money.budget import Budget, Reservation, Spender, windows
from playground.core.runs.run_row import RunRow, RunTexts
from playground.core.text.refusal import Refusal
from playground.store.log import RunLog

CENT = Decimal("0.01")


class Sharing:
    """What can be asked of it."""

    def __init__(self, url):
        self.log = RunLog(url, clock=lambda: datetime.now(UTC), retry_every_s=0.1)

    def open(self):
        """Several that begin at once may find the new file locked, and try again."""
        ends_s = time.monotonic() + 20
        while self.log.warning and time.monotonic() < ends_s:
            threading.Event().wait(0.05)
        return [self.log.flush(20), self.log.warning]

    def claim(self, name):
        taken = self.log.claims.acquire("ada", name)
        return taken.sentence if isinstance(taken, Refusal) else taken

    def has(self, name):
        return self.log.claims.is_held("ada", name)

    def give_back(self, name):
        return self.log.claims.release("ada", name)

    def reserve(self, who, times, day_usd):
        """Reserve a cent so many times, as the owner's day allows; how often it did."""
        now = datetime.now(UTC)
        caps = windows(
            Budget(), Budget(day_usd=Decimal(day_usd)), Spender("ada", "owner", now), now
        )
        wanted = [Reservation(f"{who}{n}", "ada", "owner", now, CENT) for n in range(times)]
        return sum(self.log.budgets.reserve([each], caps) is None for each in wanted)

    def record(self, run_id, status):
        row = RunRow(
            run_id=run_id, visitor="ada", started_at=datetime.now(UTC), press=1, variant="A",
            connection="Demo", model="m", params_json="{}", status=status, cost_usd=CENT,
            cost_kind="unknown" if status == "streaming" else "exact",
        )  # fmt: skip
        self.log.record(row, RunTexts(run_id=run_id, answer="Hello"))
        return self.log.flush(20)

    def statuses(self):
        return {row.run_id: row.status for row in self.log.page("ada").rows}

    def open_again(self):
        """As after an error of the disk, or when the file seemed damaged."""
        self.log._writer.wake(is_suspect=True)
        return self.log.flush(20)

    def delete_all(self):
        self.log.delete_all("ada")
        return self.log.flush(20)


def main(url):
    sharing = Sharing(url)
    for line in sys.stdin:
        what, *arguments = json.loads(line)
        print(json.dumps(getattr(sharing, what)(*arguments)), flush=True)
    sharing.log.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
