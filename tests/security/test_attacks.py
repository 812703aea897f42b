"""What a thief of a key or a stranger may try on the line, and what proves each vain.

Each is refused, and a line of the log tells who it was, from where, and why.
"""

import ast

import pytest

from launcher.paths import ROOT

AGENTS = "addons/focalist_agents/tests/"
ATTACKS, ROUTE = AGENTS + "test_attacks.py::", AGENTS + "test_route.py::"
TRUST, ENROLMENT = AGENTS + "test_trust.py::", AGENTS + "test_enrolment.py::"
PROXY, SERVER = "tests/e2e/test_proxy.py::", "tests/e2e/test_attacks.py::"
PANEL, DAEMON = "tests/e2e/test_a4_panel.py::", "agent_daemon/tests/test_panel.py::"

# What is tried -> the tests that try it.
TRIED = {
    # Who asks
    "a stolen key, without its certificate, behind the proxy": [
        PROXY + "test_a_stolen_key_alone",
        TRUST + "test_key_and_certificate_go_together",
    ],
    "a foreign certificate, or another collector's": [
        PROXY + "test_a_foreign_certificate",
        PROXY + "test_the_certificate_of_another_collector",
    ],
    "headers that the proxy alone may write, forged or smuggled": [
        PROXY + "test_forged_headers",
        PROXY + "test_smuggled_headers",
    ],
    "a call past the proxy": [TRUST + "test_whoever_goes_past_the_proxy_is_refused"],
    "a revoked collector": [
        ATTACKS + "test_a6_revoked_collector",
        TRUST + "test_a6_revocation_cuts_off_both_pairs",
        ENROLMENT + "test_a6_revocation_cuts_off_at_once",
        PROXY + "test_a_revoked_collector",
    ],
    "a key that has ended, or is for something else": [
        TRUST + "test_key_ends",
        ROUTE + "test_key_is_bearer_and_this_scopes",
    ],
    "a second enrolment": [
        ATTACKS + "test_a5_used_installation_key",
        ATTACKS + "test_a3_second_installation_of_an_agent",
        PROXY + "test_a_second_installation_with_one_key",
    ],
    "guesses of installation keys": [
        TRUST + "test_guessing_of_installation_keys_is_limited"
    ],
    # What is said
    "a replayed batch": [
        ATTACKS + "test_replayed_batch",
        AGENTS + "test_ingestion.py::test_send_is_idempotent",
    ],
    "an altered batch": [
        ATTACKS + "test_altered_batch",
        AGENTS + "test_fuzz.py::test_mutants_on_the_route",
        AGENTS + "test_fuzz.py::test_mutants_of_the_envelope",
    ],
    "a replayed renewal": [
        ATTACKS + "test_replayed_renewal",
        TRUST + "test_former_key_holds_until_the_new_one_is_shown",
    ],
    "a certificate for a key that is not the asker's, or weak": [
        TRUST + "test_what_cannot_be_signed"
    ],
    "another agent's tasks, and tasks that are over": [
        ATTACKS + "test_replayed_and_foreign_tasks"
    ],
    "another agent's devices and networks": [
        ATTACKS + "test_another_clients_device",
        ATTACKS + "test_another_clients_configuration",
    ],
    "calls to other models, at Odoo's own interfaces": [
        ATTACKS + "test_calls_to_other_models",
        SERVER + "test_calls_to_other_models",
        AGENTS + "test_collector_rights.py::test_every_model_refuses_everything",
        AGENTS + "test_collector_rights.py::test_every_public_focalist_method_refuses",
    ],
    # How much
    "an oversized body, or one that lies about its length": [
        ATTACKS + "test_oversized",
        SERVER + "test_lengths_that_lie",
    ],
    "deeply nested XML and JSON": [
        ATTACKS + "test_deeply_nested",
        SERVER + "test_bombs",
    ],
    "entity bombs": [ATTACKS + "test_entity_bombs", SERVER + "test_bombs"],
    "bombs of gzip and zlib": [
        ATTACKS + "test_bombs_of_compression",
        SERVER + "test_bombs",
    ],
    "millions of small parts": [
        ATTACKS + "test_many_small_parts",
        SERVER + "test_bombs",
    ],
    "numbers of a million digits, no numbers, and moments out of all time": [
        ATTACKS + "test_absurd_numbers"
    ],
    # Through the remote panel
    "tunnelling past the remote panel: other hosts, addresses, redirects, paths": [
        PANEL + "test_a4_other_hosts",
        PANEL + "test_a4_redirects_to_elsewhere",
        PANEL + "test_a4_request_lines",
        PANEL + "test_a4_no_other_address_by_any_header",
        PANEL + "test_a4_the_proxy_obeys_no_printer",
        DAEMON + "test_a4_no_other_address_whatever_the_server_wants",
        DAEMON + "test_a4_redirects_are_not_followed",
        DAEMON + "test_a4_nothing_is_smuggled_into_a_request",
    ],
    "a panel's token or cookie, used again or elsewhere": [
        PANEL + "test_a4_a_token_once",
        PANEL + "test_a4_another_panels_cookie",
        PANEL + "test_a4_locked_while_it_is_open",
    ],
    "Odoo from a panel, and a panel from Odoo": [
        PANEL + "test_a4_a_hostile_page_reaches_nothing",
        PANEL + "test_a4_nothing_of_odoo_at_a_panels_host",
        PANEL + "test_a4_no_panel_at_odoos_host",
    ],
    # Who reads it
    "texts that lead a log's or a page's reader astray": [
        ATTACKS + "test_texts_lead_nobody_astray"
    ],
    "secrets in the log": [
        ENROLMENT + "test_keys_are_kept_hashed_only_and_never_logged"
    ],
}


@pytest.mark.parametrize("attack", TRIED)
def test_each_attack_is_tried(attack):
    for named in TRIED[attack]:
        file, _, test = named.partition("::")
        tree = ast.parse((ROOT / file).read_text())
        found = {
            node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)
        }
        assert test in found, f"{named} is gone"
