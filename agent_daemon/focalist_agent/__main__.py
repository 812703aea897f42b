"""``python -m focalist_agent`` is the command ``focalist-agent``."""

from .cli import main

main()
