from . import focalist_billing_run
