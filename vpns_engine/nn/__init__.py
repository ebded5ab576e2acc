"""Networks, prompts, masks and mappings in torch; knows specs, not runs."""
