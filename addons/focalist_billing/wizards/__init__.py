from . import account_move_reversal, focalist_billing_run, focalist_meter_entry
