"""Passive views: setters in, intent signals out; no torch, no files."""
