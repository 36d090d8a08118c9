"""Tables, migrations, dialects, and the SQLite file."""
