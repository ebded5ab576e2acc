"""The VPNs engine: joint optimisation of visual prompts and masks. No Qt in here."""

__version__ = "0.1.0"
