from . import (
    focalist_agent,
    focalist_agent_enrolment,
    focalist_certificate_authority,
    focalist_client_stat,
    focalist_collector,
    focalist_collector_certificate,
    focalist_collector_route,
    focalist_device,
    focalist_network,
    focalist_notification_type,
    focalist_site,
    res_partner,
)
