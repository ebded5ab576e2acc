"""The honest report: what a pruned network gains, and what it does not, measured on the machine at hand. Imports no torch."""
