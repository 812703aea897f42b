# Others inherit it.
from . import focalist_guarded_mixin

# isort: split
from . import (
    base,
    focalist_alert,
    focalist_alert_ingest,
    focalist_device,
    focalist_device_ingest,
    focalist_device_model,
    focalist_device_placement,
    focalist_manufacturer,
    focalist_meter_decision,
    focalist_meter_reading,
    focalist_meter_reading_decide,
    focalist_meter_segment,
    focalist_moment_mixin,
    focalist_pages_mixin,
    focalist_site,
    focalist_supply,
    focalist_supply_ingest,
    focalist_supply_item,
    focalist_supply_level,
    focalist_supply_model,
    focalist_supply_replacement,
    focalist_volume,
    focalist_volume_month,
    ir_actions_report,
    ir_attachment,
    ir_model_access,
    res_partner,
    res_users,
)
