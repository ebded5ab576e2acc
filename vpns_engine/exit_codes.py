"""The exit codes of `vpns`."""

FINISHED, FAILED, USAGE, STOPPED = 0, 1, 2, 130
