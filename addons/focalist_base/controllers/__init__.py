from . import focalist_transfer, statistics
