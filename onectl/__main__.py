"""`python -m onectl`."""

from __future__ import annotations

from onectl.cli.main import main

main()
