from . import focalist_transfer
