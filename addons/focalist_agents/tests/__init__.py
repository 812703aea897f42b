from . import (
    test_agent,
    test_collector_rights,
    test_enrolment,
    test_fuzz,
    test_ingestion,
    test_notification,
    test_rights,
    test_route,
    test_screens,
    test_trust,
    test_wire,
)
