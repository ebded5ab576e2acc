"""Faults that are brought about for real: kills, full disks, lost folders, hostile files."""
