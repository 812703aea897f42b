"""SNMP: the interface of a session, its backends, and the standard OIDs."""
