from . import (
    test_company,
    test_ingest,
    test_ledger,
    test_pdf,
    test_placement,
    test_portal,
    test_retention,
    test_rights,
    test_segment,
    test_site,
    test_views,
    test_volume,
)
