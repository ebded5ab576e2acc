"""Replays recorded numbers of the authors' program through the engine's own classes."""
