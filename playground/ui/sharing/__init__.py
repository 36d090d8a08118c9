"""Links, saved answers, imports."""
