"""`python -m vpns_gui`: open the window."""

import sys

from vpns_gui import system_libraries


def main() -> int:
    """Open the window and give the exit code; 1 where the system lacks what a window needs."""
    problem = system_libraries.problem()
    if problem:
        print(problem, file=sys.stderr)
        return 1
    from vpns_gui.app import run  # Qt loads here, after the check

    return run(sys.argv)


if __name__ == "__main__":
    sys.exit(main())
