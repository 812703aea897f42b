"""A simulated fleet of office printers: their lives, their MIBs, their reports."""

from .fleet import Fleet
from .printer import Printer

__version__ = "0.1.0"
__all__ = ["Fleet", "Printer", "__version__"]
