from . import focalist_public_report
