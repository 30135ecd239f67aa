"""A definition as data: checked, spelled, compared."""
