{
    "name": "Focalist Agents",
    "summary": "Agents that read printers on clients' networks, and their collectors",
    "version": "19.0.1.0.0",
    "category": "Services/Focalist",
    "author": "Focalist contributors",
    "license": "LGPL-3",
    "depends": ["focalist_base"],
    "data": [
        "security/ir.model.access.csv",
        "security/focalist_rules.xml",
        "wizards/focalist_agent_key_views.xml",
        "views/focalist_agent_views.xml",
        "views/focalist_device_views.xml",
        "views/res_partner_views.xml",
        "views/res_partner_client_views.xml",
        "views/focalist_menus.xml",
    ],
}
