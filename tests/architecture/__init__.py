"""Tests of the project's own shape: who imports whom, what is in the wheel, what the documents promise."""
