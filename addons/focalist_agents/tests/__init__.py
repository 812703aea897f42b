from . import (
    test_agent,
    test_collector_rights,
    test_enrolment,
    test_fuzz,
    test_ingestion,
    test_rights,
    test_route,
    test_route_json,
    test_screens,
    test_wire,
)
