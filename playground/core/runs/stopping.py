"""Who stopped a run, in the words that the page and the log have for it."""

from typing import Literal

StoppedBy = Literal["you", "server", "page gone"]
BY_SERVER = "Stopped by the server"


def why_stopped(by: StoppedBy, grace_s: float) -> str:
    """Why a run was stopped, in a sentence; empty where its own visitor did it. `grace_s` is
    how long a page may be gone."""
    match by:
        case "server":
            return f"{BY_SERVER}: it was shut down or restarted."
        case "page gone":
            return f"{BY_SERVER}: the page was gone for {grace_s:g} s."
    return ""
