"""The `./focalist` command: everything between a fresh clone and a running system.

Standard library only, since it runs before anything is installed. Each module has
one job; `commands` puts them together.
"""
