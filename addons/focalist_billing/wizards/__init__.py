from . import account_move_reversal, focalist_billing_run
