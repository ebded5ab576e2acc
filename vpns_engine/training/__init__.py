"""The two stages: what a phase does, batch by batch."""
