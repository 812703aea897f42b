from . import focalist_public_report, focalist_transfer, portal, statistics
