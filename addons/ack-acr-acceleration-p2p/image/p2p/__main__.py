"""`python -m p2p ROLE`: agent, setup, scheduler or webhook."""

from __future__ import annotations

import sys
from importlib import import_module

ROLES = ("agent", "setup", "scheduler", "webhook")


def main() -> int:
    role = sys.argv[1] if len(sys.argv) > 1 else ""
    if role not in ROLES:
        print(f"Error: python -m p2p takes one of {', '.join(ROLES)}", file=sys.stderr)
        return 2
    # Only the role's own module: none needs what the others import.
    return int(import_module(f"p2p.{role}.main").main())


if __name__ == "__main__":
    sys.exit(main())
