"""How sure repeated measurements are."""
