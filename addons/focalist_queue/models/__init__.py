from . import focalist_billing_run, focalist_billing_run_contract
