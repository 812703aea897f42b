from . import focalist_agent, focalist_install, focalist_panel
