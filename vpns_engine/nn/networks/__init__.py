"""Network architectures of our own: each module imports torch only, so that it can be copied beside an export."""
