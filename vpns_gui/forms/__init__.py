"""From a spec to a form: one editor per field type, from the field's own bounds, unit and docstring."""
