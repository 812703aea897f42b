from . import (
    focalist_device_step,
    focalist_export,
    focalist_import,
    focalist_import_devices,
    focalist_import_line,
    focalist_import_meters,
    focalist_merge,
    focalist_meter_decide,
    focalist_meter_entry,
    focalist_meter_line,
)
