"""Something worth saying about a request before it is sent, and how grave it is."""

from dataclasses import dataclass
from typing import Literal, get_args

from playground.core.checks.problems import Fix

Severity = Literal["error", "warning", "info"]
SEVERITIES: tuple[Severity, ...] = get_args(Severity)


@dataclass(frozen=True, slots=True)
class Problem:
    """An error keeps the run from starting; a warning or an info does not."""

    severity: Severity
    text: str
    fix: Fix | None = None
