from . import account_move_reversal, focalist_anomaly_accept, focalist_meter_entry
