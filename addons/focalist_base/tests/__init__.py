from . import (
    test_alert,
    test_company,
    test_ingest,
    test_pdf,
    test_placement,
    test_portal,
    test_rights,
    test_site,
    test_supply,
    test_views,
    test_volume,
)
