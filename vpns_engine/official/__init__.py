"""Checkpoints of the authors' released code: read, made into runs, and written. Importing this does not import torch."""
