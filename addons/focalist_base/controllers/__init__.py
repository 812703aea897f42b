from . import (
    focalist_public_report,
    focalist_transfer,
    portal,
    portal_devices,
    portal_export,
    portal_readings,
    portal_volumes,
    statistics,
)
