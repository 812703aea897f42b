from . import focalist_agent_key
