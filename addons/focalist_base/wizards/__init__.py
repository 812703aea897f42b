from . import focalist_device_move
