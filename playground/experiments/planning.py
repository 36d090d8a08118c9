"""The plans of cells, worked out when they are about to be sent."""

from collections.abc import Iterable, Mapping

from playground.core.experiment.grid import Grid
from playground.core.experiment.grid_plan import plan_cell
from playground.core.request.template import TemplateError
from playground.core.runs.run_plan import Plan, RunContext


def plans_of(cell_ids: Iterable[str], grid: Grid, context: RunContext) -> Mapping[str, Plan | str]:
    """The plan of each of these cells; why not, of one that cannot be sent."""
    return {cell_id: _plan_of(cell_id, grid, context) for cell_id in cell_ids}


def _plan_of(cell_id: str, grid: Grid, context: RunContext) -> Plan | str:
    place = grid.places[cell_id][0]
    setting, values = grid.settings[place.setting], grid.cases.values(place.case)
    try:
        planned = plan_cell(setting, values, context)
    except TemplateError as error:
        return str(error)
    return planned.why_not or planned
