from . import (
    test_a7_scheduler,
    test_a7_screens,
    test_agent,
    test_collector_rights,
    test_enrolment,
    test_fuzz,
    test_ingestion,
    test_rights,
    test_route,
    test_screens,
    test_snmp_credential,
    test_wire,
)
