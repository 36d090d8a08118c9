"""Tables, migrations, dialects, the SQLite file, and what can go wrong with them."""
