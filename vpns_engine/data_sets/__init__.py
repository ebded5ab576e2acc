"""The named data sets: how each stands on the disk, and which images it has."""
