"""Dialogs. All open beside the program's flow (`open`), none blocks it."""
