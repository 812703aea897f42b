from . import focalist_agent, focalist_panel
