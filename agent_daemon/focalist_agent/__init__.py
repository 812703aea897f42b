"""The Focalist agent: reads printers over SNMP and reports them to Focalist."""

__version__ = "0.1.0"
