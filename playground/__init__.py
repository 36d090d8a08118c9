"""A prompt playground for the Claude Messages API.

    core/         values and rules; knows no Streamlit, network, SQL or clock
    claude/       turns a request and a connection into events; the demo lives here
    store/        the run log
    engine/       one event loop: starts, queues and stops runs
    experiments/  a grid of cells on the engine, a few at a time
    batches/      the same through the Message Batches API
    settings.py
    ui/           draws; one file per place on the screen, joined by ui/page/page.py

`streamlit_app.py` starts server and page; `tests/test_architecture.py` keeps the arrows.

From a press of Run to the wire:

    ui/runs/running.py             run_all: plans every variant, starts all of them or none
    ui/session/request_state.py    the prompt and the parameters of a variant, from their fields
    core/checks/number_fields.py   its numbers, as core/text/number_text.py reads what is typed
    core/request/template.py       the first case's values, where the prompt has variables
    core/runs/run_plan.py          plan: what goes out, whether it may, and what it can cost
    core/wire/wire.py              the headers and the body, and why each parameter is sent or not
    core/money/pricing.py          the most that the answer can cost
    core/checks/request_checks.py  what is wrong with the request
    ui/runs/spending.py            that much reserved, where there is a budget
    ui/session/services.py         the plan and the key handed over, unless the plan refuses
    engine/loop.py                 a place in the queue, then a task on the event loop
    claude/sending.py              the client of the connection, with the key for this run only;
                                   `POST /v1/messages` with the wire's headers and body; retries

There the wire begins: the network, or for the demo `claude/demo/transport.py` in its place.

A temperature from its field to the wire:

    ui/editor/parameters.py        the field, and what becomes of the value beneath it
    ui/widgets/fields.py           draws the text, and says why it can't be read
    ui/session/request_state.py    the text from the session, under `temperature_A`
    core/checks/number_fields.py   its bounds, and the number for `Params`
    ui/runs/running.py             the variant to plan, with the text beside the number
    core/runs/run_plan.py          stops what can't be read or is out of bounds
    core/wire/wire.py              decides: sent, under which API version, or not and why
"""
