"""Exports of a run's pruned network for plain PyTorch. Importing this does not import torch."""

from vpns_engine.export.run import ExportResult, export_run

__all__ = ["ExportResult", "export_run"]
