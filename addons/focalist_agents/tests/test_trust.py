import os
from datetime import timedelta
from pathlib import Path
from tempfile import NamedTemporaryFile
from unittest.mock import patch
from urllib.parse import quote
from xmlrpc import client as xmlrpc_client

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID
from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import HttpCase, tagged

from ..tools import secret
from .common import ABOUT, ENROLL, RPC, RouteMixin, make_request

STRONG = "kZ3v!rT8w_Qm5x-Lp0c^Ny7b+Hd2j=Gs9f"
LOGGER = "odoo.addons.focalist_agents.controllers.focalist_agent"
PROXY = "Vq6+nM1e_Xu4t-Ya8k^Rb3z=Wc9h!Pj2d"


@tagged("post_install", "-at_install")
class TestTrust(RouteMixin, HttpCase):
    def enroll(self, **about):
        key = self.agent._new_enrolment_key()
        answer = self.call(ENROLL, key, "enroll", ABOUT | about)
        return self.agent._live_collectors(), answer

    def behind_proxy(self):
        """From now on a proxy checks the certificates."""
        environment = patch.dict(os.environ, {"FOCALIST_PROXY_SECRET": PROXY})
        environment.start()
        self.addCleanup(environment.stop)

    def shown(self, key, certificate, proxy=PROXY):
        """The status of a call with this certificate, as the proxy passes it on."""
        body = xmlrpc_client.dumps((ABOUT,), "configuration").encode()
        headers = {
            "X-Focalist-Proxy": proxy,
            "X-Focalist-Certificate": quote(certificate),
        }
        return self.post(RPC, body, key, **headers).status_code

    # -- the authority ----------------------------------------------------------------

    def test_a6_certificate_is_bound_to_its_collector(self):
        private = ec.generate_private_key(ec.SECP256R1())
        collector, answer = self.enroll(request=make_request(private))
        signed = x509.load_pem_x509_certificate(answer["certificate"].encode())
        authority = self.env["focalist.certificate.authority"]._get()
        issuer = x509.load_pem_x509_certificate(authority.certificate.encode())
        signed.verify_directly_issued_by(issuer)
        self.assertEqual(signed.public_key(), private.public_key())
        self.assertEqual(
            signed.subject.rfc4514_string(), f"CN=focalist-collector-{collector.id}"
        )
        self.assertEqual(
            list(
                signed.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
            ),
            [ExtendedKeyUsageOID.CLIENT_AUTH],
        )
        self.assertFalse(
            signed.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
        )
        constraints = issuer.extensions.get_extension_for_class(x509.BasicConstraints)
        self.assertEqual(constraints.value.path_length, 0)
        # It ends with the key.
        ends_at = signed.not_valid_after_utc.replace(tzinfo=None)
        self.assertEqual(ends_at, collector.certificate_ends_at)
        self.env.cr.execute(
            "SELECT expiration_date FROM res_users_apikeys WHERE user_id = %s",
            [collector.user_id.id],
        )
        self.assertEqual(self.env.cr.fetchall(), [(ends_at,)])

    def test_there_is_one_authority(self):
        authority = self.env["focalist.certificate.authority"]._get()
        self.assertEqual(self.env["focalist.certificate.authority"]._get(), authority)

    def test_authoritys_key_is_encrypted_and_nobodys(self):
        authority = self.env["focalist.certificate.authority"]._get()
        self.assertNotIn("PRIVATE KEY", authority.sudo().private_key)
        with self.assertRaises(AccessError):
            authority.with_user(self.env.ref("base.user_admin")).read(["private_key"])
        with patch.dict(os.environ, {"FOCALIST_SECRET": STRONG}):
            with self.assertRaisesRegex(UserError, "another secret"):
                authority._sign(make_request(), "x", fields.Datetime.now())

    def test_what_cannot_be_signed(self):
        weak = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        forged = make_request().splitlines()
        # One letter of the signature.
        forged[-2] = ("B" if forged[-2][0] != "B" else "C") + forged[-2][1:]
        strange = (7, "", "x", "\n".join(forged), make_request(weak), "x" * 9000)
        for request in strange:
            key = self.agent._new_enrolment_key()
            with self.assertRaisesRegex(xmlrpc_client.Fault, "certificate"):
                self.call(ENROLL, key, "enroll", ABOUT | {"request": request})
            self.assertFalse(self.agent.collector_ids)
        # The key was not used up.
        self.call(ENROLL, key, "enroll", ABOUT)

    # -- the secret -------------------------------------------------------------------

    def test_secrets_that_are_none(self):
        unset = {"FOCALIST_SECRET_FILE": ""}
        for value in ("", "short", "x" * 40, f"example-{STRONG}", "0123456789" * 4):
            with patch.dict(os.environ, unset | {"FOCALIST_SECRET": value}):
                with self.assertRaises(secret.SecretError):
                    secret.server()
        with patch.dict(os.environ, unset | {"FOCALIST_SECRET": f" {STRONG}\n"}):
            self.assertEqual(secret.server(), STRONG.encode())

    def test_secret_of_a_file(self):
        with NamedTemporaryFile("w") as file:
            named = {"FOCALIST_SECRET": "", "FOCALIST_SECRET_FILE": file.name}
            with patch.dict(os.environ, named):
                with self.assertRaises(secret.SecretError):
                    secret.server()
                Path(file.name).write_text(STRONG)
                self.assertEqual(secret.server(), STRONG.encode())
                Path(file.name).write_text(PROXY)
                self.assertEqual(secret.server(), PROXY.encode())
        with patch.dict(os.environ, named):
            with self.assertRaisesRegex(secret.SecretError, "unreadable"):
                secret.server()

    def test_no_key_is_made_without_a_secret(self):
        self.env["focalist.certificate.authority"].sudo().search([]).unlink()
        nothing = {"FOCALIST_SECRET": "", "FOCALIST_SECRET_FILE": ""}
        with patch.dict(os.environ, nothing):
            with self.assertRaisesRegex(UserError, "FOCALIST_SECRET"):
                self.agent.with_user(self.technician).action_new_key()
        self.assertFalse(self.agent.sudo().enrolment_key_hash)

    def test_what_is_encrypted_for_one_purpose_is_of_no_use_to_another(self):
        text = secret.encrypt("a", b"said")
        self.assertEqual(secret.decrypt("a", text), b"said")
        with self.assertRaises(secret.SecretError):
            secret.decrypt("b", text)

    # -- renewal ----------------------------------------------------------------------

    def configuration(self, key):
        return self.call(RPC, key, "configuration", ABOUT)

    def refused(self, key):
        body = xmlrpc_client.dumps((ABOUT,), "configuration").encode()
        return self.post(RPC, body, key).status_code == 401

    def test_renewal_is_asked_for_in_time(self):
        collector, answer = self.enroll()
        self.assertFalse(self.configuration(answer["key"])["renew"])
        collector.certificate_ends_at -= timedelta(days=31)
        self.assertTrue(self.configuration(answer["key"])["renew"])

    def test_former_key_holds_until_the_new_one_is_shown(self):
        collector, old = self.enroll()
        lost = self.call(RPC, old["key"], "renew", ABOUT)
        # Its answer never came: the collector asks again.
        new = self.call(RPC, old["key"], "renew", ABOUT)
        self.assertTrue(self.refused(lost["key"]))
        self.configuration(old["key"])
        self.configuration(new["key"])
        self.assertTrue(self.refused(old["key"]))
        self.configuration(new["key"])
        self.assertFalse(collector.sudo().next_certificate_sha256)
        self.env.cr.execute(
            "SELECT count(*) FROM res_users_apikeys WHERE user_id = %s",
            [collector.user_id.id],
        )
        self.assertEqual(self.env.cr.fetchall(), [(1,)])

    def test_key_ends(self):
        with freeze_time(fields.Datetime.now() - timedelta(days=91)):
            collector = self.install()[0]
            key = collector._issue(make_request())["key"]
            collector._take_next()
        self.assertTrue(self.refused(key))

    def test_a6_revocation_cuts_off_both_pairs(self):
        collector, old = self.enroll()
        new = self.call(RPC, old["key"], "renew", ABOUT)
        collector.with_user(self.technician).action_revoke()
        self.assertTrue(self.refused(old["key"]))
        self.assertTrue(self.refused(new["key"]))
        self.enroll()

    # -- behind the proxy -------------------------------------------------------------

    def test_key_and_certificate_go_together(self):
        _collector, mine = self.enroll()
        other_agent = self.make_agent(name="Other")
        other = self.call(
            ENROLL,
            other_agent._new_enrolment_key(),
            "enroll",
            ABOUT | {"request": make_request()},
        )
        self.behind_proxy()
        self.assertEqual(self.shown(mine["key"], mine["certificate"]), 200)
        for certificate in ("", "nonsense", "x" * 9000, other["certificate"]):
            with self.assertLogs(LOGGER, "WARNING") as logs:
                self.assertEqual(self.shown(mine["key"], certificate), 401)
            self.assertIn("refused", "".join(logs.output))
            self.assertNotIn(mine["key"], "".join(logs.output))

    def test_whoever_goes_past_the_proxy_is_refused(self):
        _collector, mine = self.enroll()
        enrolment = self.make_agent(name="Other")._new_enrolment_key()
        self.behind_proxy()
        for proxy in ("", PROXY[:-1], PROXY + "x", "é"):
            self.assertEqual(
                self.shown(mine["key"], mine["certificate"], proxy.encode()), 401
            )
        body = xmlrpc_client.dumps((ABOUT,), "enroll").encode()
        self.assertEqual(self.post(ENROLL, body, enrolment).status_code, 401)
        self.assertEqual(
            self.post(
                ENROLL, body, enrolment, **{"X-Focalist-Proxy": PROXY}
            ).status_code,
            200,
        )

    def test_renewed_certificate_goes_with_the_renewed_key(self):
        _collector, old = self.enroll()
        self.behind_proxy()
        body = xmlrpc_client.dumps(
            (ABOUT | {"request": make_request()},), "renew"
        ).encode()
        headers = {
            "X-Focalist-Proxy": PROXY,
            "X-Focalist-Certificate": quote(old["certificate"]),
        }
        answer = self.post(RPC, body, old["key"], **headers)
        (new,), _method = xmlrpc_client.loads(answer.content)
        self.assertEqual(self.shown(new["key"], old["certificate"]), 401)
        self.assertEqual(self.shown(old["key"], new["certificate"]), 401)
        self.assertEqual(self.shown(old["key"], old["certificate"]), 200)
        self.assertEqual(self.shown(new["key"], new["certificate"]), 200)
        self.assertEqual(self.shown(old["key"], old["certificate"]), 401)

    def test_a_weak_secret_of_the_proxy_opens_nothing(self):
        _collector, mine = self.enroll()
        with patch.dict(os.environ, {"FOCALIST_PROXY_SECRET": "example"}):
            with self.assertLogs(LOGGER, "ERROR"):
                self.assertEqual(
                    self.shown(mine["key"], mine["certificate"], "example"), 503
                )

    # -- guessing ---------------------------------------------------------------------

    def test_guessing_of_installation_keys_is_limited(self):
        right = self.agent._new_enrolment_key()
        attempts = self.env["focalist.public.attempt"]
        attempts.create([{"address": "127.0.0.1"}] * 59)
        body = xmlrpc_client.dumps((ABOUT,), "enroll").encode()
        self.assertEqual(self.post(ENROLL, body, "wrong").status_code, 401)
        answer = self.post(ENROLL, body, "wrong")
        self.assertEqual(answer.status_code, 429)
        self.assertIn("Retry-After", answer.headers)
        # Not even whoever has the right one finds that out.
        self.assertEqual(self.post(ENROLL, body, right).status_code, 429)
        attempts.search([]).at = fields.Datetime.now() - timedelta(hours=2)
        self.assertEqual(self.post(ENROLL, body, right).status_code, 200)
