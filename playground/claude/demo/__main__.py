"""`python -m playground.claude.demo --port 8901` serves the demo on loopback."""

import argparse

from playground.claude.demo.server import DEFAULT_PORT, serve

parser = argparse.ArgumentParser(prog="playground.claude.demo", description=__doc__)
parser.add_argument("--port", type=int, default=DEFAULT_PORT)
serve(parser.parse_args().port)
