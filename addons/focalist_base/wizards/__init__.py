from . import (
    focalist_device_move,
    focalist_meter_decide,
    focalist_meter_entry,
    focalist_meter_line,
)
