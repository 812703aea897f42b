{
    "name": "Focalist Billing: Electronic Invoices",
    "summary": "The true service period and references in Factur-X and UBL",
    "version": "19.0.1.0.0",
    "category": "Services/Focalist",
    "author": "Focalist contributors",
    "license": "LGPL-3",
    "depends": ["focalist_billing", "account_edi_ubl_cii"],
    "auto_install": True,
}
