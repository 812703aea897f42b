from . import (
    test_client_list,
    test_contract,
    test_deactivated_client,
    test_invoice,
    test_measure,
    test_pdf,
    test_periods,
    test_portal,
    test_pricing,
    test_rights,
    test_stays,
    test_tours,
)
