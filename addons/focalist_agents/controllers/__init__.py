from . import focalist_agent
