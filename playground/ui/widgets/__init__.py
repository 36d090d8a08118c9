"""Controls and formats that several panels use."""
