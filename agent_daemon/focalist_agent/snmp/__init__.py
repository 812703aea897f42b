"""SNMP: the interface of a session, its backends, and the standard OIDs."""

BACKENDS = ("auto", "gufo", "pysnmp")
"""What may be asked for: the fast one where it can, or one alone."""
