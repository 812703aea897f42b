from . import (
    focalist_custom_fields,
    focalist_custom_fields_line,
    focalist_device_move,
    focalist_label_print,
    focalist_label_print_field,
    focalist_meter_decide,
    focalist_meter_entry,
    focalist_meter_line,
)
