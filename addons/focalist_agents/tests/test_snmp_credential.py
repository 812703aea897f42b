import os
from unittest.mock import patch

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, HttpCase, tagged
from odoo.tools import mute_logger

from ..models import focalist_snmp_credential as module
from ..tools import secret
from .common import ABOUT, RPC, AgentCase, RouteMixin

SECRET = "k3J9-wQx7_LmN2pR8sT4vY6zB1cD5fGh"


def with_secret(value=SECRET):
    return patch.dict(os.environ, {secret.VARIABLE: value, secret.FILE_VARIABLE: ""})


class CredentialMixin:
    def setUp(self):
        super().setUp()
        self.network = self.env["focalist.network"].create(
            {"name": "LAN", "agent_id": self.agent.id}
        )

    def make(self, **values):
        credentials = self.env["focalist.snmp.credential"].with_user(self.technician)
        return credentials.create({"network_id": self.network.id, **values})

    def make_user(self, **values):
        return self.make(
            kind="user",
            user_name="focalist",
            auth="sha256",
            auth_password="auth-secret",
            **values,
        )


@tagged("post_install", "-at_install")
class TestSnmpCredential(CredentialMixin, AgentCase):
    def test_a7_secrets_are_never_shown_again(self):
        credential = self.make_user(priv="aes128", priv_password="priv-secret")
        community = self.make(community="community-secret")
        self.env.flush_all()
        self.env.invalidate_all()
        self.env.cr.execute("SELECT * FROM focalist_snmp_credential")
        stored = str(self.env.cr.dictfetchall())
        for user in (self.technician, self.env.ref("base.user_admin")):
            shown = str((credential | community).with_user(user).read())
            for said in (stored, shown):
                for text in ("auth-secret", "priv-secret", "community-secret"):
                    self.assertNotIn(text, said)
            with self.assertRaises(AccessError):
                credential.with_user(user).read(["token"])
            with self.assertRaises(AccessError):
                credential.with_user(user).write({"token": "x"})
        self.assertTrue(credential.is_complete and community.is_complete)
        with self.assertRaises(AccessError):
            credential.with_user(self.reader).read(["user_name"])

    def test_what_is_left_empty_stays(self):
        credential = self.make_user(priv="aes128", priv_password="priv-secret")
        with Form(credential.with_user(self.technician)) as form:
            self.assertFalse(form.auth_password)
            form.priv_password = "another-secret"
        self.assertEqual(
            credential._secrets(),
            {"auth_password": "auth-secret", "priv_password": "another-secret"},
        )

    def test_only_complete_ones_are_told(self):
        self.make(community="one")
        self.make()
        self.make_user(priv="des")
        told = self.network.credential_ids._wire()
        self.assertEqual(told, [{"community": "one"}])

    def test_another_secret_reads_nothing(self):
        credential = self.make(community="one")
        with with_secret(), self.assertLogs(module._logger, "ERROR"):
            self.env.invalidate_all()
            self.assertFalse(credential.is_complete)
            self.assertEqual(credential.sudo()._wire(), [])
            credential.community = "two"
            self.assertEqual(credential._secrets(), {"community": "two"})

    def test_without_a_secret_nothing_is_kept(self):
        for value in ("", "short", "a" * 40, "change-me-change-me-change-me-1234567"):
            with self.subTest(value=value), with_secret(value):
                with self.assertRaisesRegex(UserError, "FOCALIST_SECRET"):
                    self.make(community="one")

    def test_secret_from_a_file(self):
        path = self.enterContext(patch.object(secret.Path, "read_text"))
        with patch.dict(
            os.environ, {secret.VARIABLE: "", secret.FILE_VARIABLE: "/run/secret"}
        ):
            path.return_value = SECRET + "\n"
            token = secret.encrypt("test", b"x")
            path.side_effect = FileNotFoundError
            with self.assertRaises(secret.SecretError):
                secret.decrypt("test", token)
        with with_secret():
            self.assertEqual(secret.decrypt("test", token), b"x")

    def test_users_that_cannot_be(self):
        for values in (
            {"user_name": "u" * 33},
            {"auth_password": "short"},
        ):
            with self.subTest(values=values), self.assertRaises(ValidationError):
                self.make_user().write(values)

    def test_ranges_are_checked(self):
        for text in ("10.1.2.300", "10.1.2.9-3", "x", "10.1.2.0/33", "fe80::/64"):
            with self.subTest(text=text), self.assertRaises(ValidationError):
                self.network.ranges = text
        self.network.ranges = "10.1.2.0/24\n10.1.3.3 - 50, fe80::1;10.2.0.1-10.2.0.2"
        self.assertEqual(self.network.address_count, 254 + 48 + 1 + 2)
        told = self.network.sudo()._wire()[0]["ranges"]
        self.assertEqual(
            told, ["10.1.2.0/24", "10.1.3.3-50", "fe80::1", "10.2.0.1-10.2.0.2"]
        )


@tagged("post_install", "-at_install")
class TestCredentialsOnTheLine(CredentialMixin, RouteMixin, HttpCase):
    def test_a7_credentials_are_told_to_the_collector_of_their_network_alone(self):
        self.make(community="community-secret")
        self.make_user(priv="aes128", priv_password="priv-secret")
        collector, key = self.install()
        answer = self.call(RPC, key, "configuration", ABOUT)
        self.assertEqual(
            answer["networks"][0]["credentials"],
            [
                {"community": "community-secret"},
                {
                    "user": "focalist",
                    "auth": "sha256",
                    "auth_password": "auth-secret",
                    "priv": "aes128",
                    "priv_password": "priv-secret",
                },
            ],
        )
        other, other_key = self.install(self.make_agent(name="Other"))
        self.env["focalist.network"].create(
            {"name": "Theirs", "agent_id": other.agent_id.id}
        )
        said = str(self.call(RPC, other_key, "configuration", ABOUT))
        self.assertNotIn("secret", said)
        collector.action_revoke()
        with mute_logger("odoo.http"):
            self.assertEqual(self.post(RPC, b"x", key).status_code, 401)
