"""The logs that released versions made, as SQL: `{id}` and `{double}` are what the kind of
database calls them. A released version's text is never changed again."""

VERSION_1 = """
CREATE TABLE meta (version INTEGER NOT NULL);
CREATE TABLE boots (boot_id {id} NOT NULL, host TEXT NOT NULL, pid INTEGER NOT NULL,
  seen_at BIGINT NOT NULL, PRIMARY KEY (boot_id));
CREATE TABLE runs (visitor {id} NOT NULL, run_id {id} NOT NULL, boot_id {id} NOT NULL,
  started_at BIGINT NOT NULL, ended_at BIGINT, press INTEGER NOT NULL, variant TEXT NOT NULL,
  connection TEXT NOT NULL, model TEXT NOT NULL, params_json TEXT NOT NULL,
  status TEXT NOT NULL, stop_reason TEXT, error_kind TEXT, error_message TEXT,
  http_status INTEGER, attempts INTEGER NOT NULL, ttft_s {double}, duration_s {double},
  input_tokens BIGINT, output_tokens BIGINT, cache_read_tokens BIGINT,
  cache_write_tokens BIGINT, thinking_tokens BIGINT, cost_usd BIGINT,
  cost_kind TEXT NOT NULL, worst_case_usd BIGINT, unit_prices_json TEXT, request_id TEXT,
  PRIMARY KEY (visitor, run_id));
CREATE TABLE texts (visitor {id} NOT NULL, run_id {id} NOT NULL, request_json TEXT NOT NULL,
  answer TEXT NOT NULL, thinking TEXT NOT NULL, attempts_json TEXT NOT NULL,
  PRIMARY KEY (visitor, run_id));
CREATE TABLE tallies (visitor {id} NOT NULL, status TEXT NOT NULL, cost_kind TEXT NOT NULL,
  runs BIGINT NOT NULL, priced BIGINT NOT NULL, input_tokens BIGINT NOT NULL,
  output_tokens BIGINT NOT NULL, cost_usd BIGINT NOT NULL,
  PRIMARY KEY (visitor, status, cost_kind));
CREATE INDEX runs_since ON runs (visitor, status, cost_kind, started_at, input_tokens,
  output_tokens, cost_usd);
CREATE INDEX runs_live ON runs (boot_id)
  WHERE status IN ('queued', 'connecting', 'waiting', 'streaming');
INSERT INTO meta VALUES (1);
INSERT INTO boots VALUES ('b', 'gone.example', 1, 1795430000000000);
INSERT INTO runs (visitor, run_id, boot_id, started_at, press, variant, connection, model,
  params_json, status, attempts, input_tokens, output_tokens, cost_usd, cost_kind,
  worst_case_usd)
VALUES
  ('ada', '1', 'b', 1795435200000000, 1, 'A', 'Claude API', 'm', '{{}}', 'done', 1, 10, 5,
   250000000000, 'exact', 300000000000),
  ('ada', '2', 'b', 1795435201000000, 2, 'A', 'Claude API', 'm', '{{}}', 'streaming', 1,
   NULL, NULL, NULL, 'unknown', 50000000000),
  ('bob', '1', 'b', 1795435202000000, 1, 'A', 'Demo', 'm', '{{}}', 'failed', 4,
   NULL, NULL, NULL, 'simulated', NULL);
INSERT INTO texts VALUES
  ('ada', '1', '{{}}', 'Hello', '', '[]'), ('bob', '1', '{{}}', '', '', '[]');
INSERT INTO tallies VALUES
  ('ada', 'done', 'exact', 1, 1, 10, 5, 250000000000),
  ('ada', 'streaming', 'unknown', 1, 0, 0, 0, 0),
  ('bob', 'failed', 'simulated', 1, 0, 0, 0, 0);
"""

VERSION_2 = (
    VERSION_1
    + """
CREATE TABLE reservations (visitor {id} NOT NULL, run_id {id} NOT NULL, payer {id} NOT NULL,
  started_at BIGINT NOT NULL, is_settled INTEGER NOT NULL, usd BIGINT NOT NULL,
  PRIMARY KEY (visitor, run_id));
CREATE INDEX reservations_by_visitor ON reservations (visitor, started_at, is_settled, usd);
CREATE INDEX reservations_by_payer ON reservations (payer, started_at, is_settled, usd);
CREATE TABLE budgets (visitor {id} NOT NULL, session_usd BIGINT, day_usd BIGINT,
  PRIMARY KEY (visitor));
UPDATE meta SET version = 2;
INSERT INTO reservations VALUES ('ada', '1', 'ada', 1795435200000000, 1, 250000000000),
  ('ada', '2', 'ada', 1795435201000000, 0, 50000000000);
INSERT INTO budgets VALUES ('ada', NULL, 500000000000);
"""
)

VERSIONS = {1: VERSION_1, 2: VERSION_2}


def statements(version, database):
    """What made the log of this version."""
    words = {
        "sqlite": {"id": "TEXT", "double": "DOUBLE"},
        "postgres": {"id": 'TEXT COLLATE "C"', "double": "DOUBLE PRECISION"},
    }
    text = VERSIONS[version].format(**words[database])
    return [statement for statement in text.split(";\n") if statement.strip()]
