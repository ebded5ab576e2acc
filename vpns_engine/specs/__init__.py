"""Frozen descriptions of everything a run is made of."""
