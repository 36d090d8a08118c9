"""The nouns of a call: prompt, parameters, models, connection, extra JSON."""
