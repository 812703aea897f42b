import base64
import json
import zlib
from datetime import timedelta
from xmlrpc import client as xmlrpc_client

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from odoo import fields
from odoo.tests import TransactionCase, new_test_user

ENROLL, RPC = "/focalist/agent/1/enroll", "/focalist/agent/1/rpc"
JSON = "/focalist/agent/1/json/"


def make_request(key=None):
    """A collector's certificate signing request, in PEM."""
    key = key or ec.generate_private_key(ec.SECP256R1())
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
    signed = builder.sign(key, hashes.SHA256())
    return signed.public_bytes(serialization.Encoding.PEM).decode()


SEEN = {"version": "1.0", "hostname": "prn-server", "platform": "Linux"}
ABOUT = SEEN | {"request": make_request()}


def report(number=1, total=1000, *, hours=1, **values):
    """A device report as the daemon sends it, of a Ricoh with this number."""
    read_at = fields.Datetime.now() - timedelta(hours=hours)
    return {
        "schema": 1,
        "uid": f"uid-{number}-{total}-{hours}",
        "read_at": read_at.isoformat() + "Z",
        "address": f"10.1.{number // 250}.{number % 250 + 1}",
        "manufacturer": "Ricoh",
        "model": "MP C4503",
        "serial": f"E{number:06}",
        "meters": {"total": total, "mono": total - 100, "color": 100},
        **values,
    }


def pack(reports):
    """A batch as the daemon sends it."""
    text = reports if isinstance(reports, bytes) else json.dumps(reports).encode()
    return base64.b64encode(zlib.compress(text)).decode()


class AgentMixin:
    """A dealer, a client with two sites, and an agent."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.client = cls.make_client()
        cls.site, cls.depot = cls.env["focalist.site"].create(
            [
                {"name": name, "partner_id": cls.client.id, "tz": "UTC"}
                for name in ("Office", "Depot")
            ]
        )
        cls.agent = cls.make_agent(site_id=cls.site.id)
        cls.technician = new_test_user(
            cls.env, "tech", "focalist_base.group_focalist_technician"
        )
        cls.reader = new_test_user(
            cls.env, "reader", "focalist_base.group_focalist_user"
        )

    @classmethod
    def make_client(cls, **values):
        return cls.env["res.partner"].create(
            {
                "name": "Acme",
                "is_company": True,
                "is_focalist_client": True,
                "focalist_company_id": cls.env.company.id,
                **values,
            }
        )

    @classmethod
    def make_agent(cls, **values):
        return cls.env["focalist.agent"].create(
            {"name": "Agent", "partner_id": cls.client.id, **values}
        )

    @classmethod
    def install(cls, agent=None):
        """Enrol a collector of the agent.

        :return: (focalist.collector, its key)
        """
        agent = agent or cls.agent
        key = agent._enroll(ABOUT, "192.0.2.1")["key"]
        return agent._live_collectors(), key

    @classmethod
    def make_device(cls, number, site=None, **values):
        """A device in service at a site, with the serial number of its report."""
        model = cls.env["focalist.device.model"]._find_or_create(
            [("Ricoh", "MP C4503")]
        )["Ricoh", "MP C4503"]
        device = cls.env["focalist.device"].create(
            {
                "model_id": model.id,
                "serial_number": f"E{number:06}",
                "ip_address": f"10.1.0.{number}",
                "proposed_site_id": (site or cls.site).id,
                **values,
            }
        )
        device._activate(fields.Datetime.now() - timedelta(days=30))
        return device


class AgentCase(AgentMixin, TransactionCase):
    pass


class RouteMixin(AgentMixin):
    """Calls over real HTTP."""

    def post(self, url, body, key="", **headers):
        return self.url_open(
            url,
            data=body,
            method="POST",
            headers={
                "Content-Type": "text/xml",
                "X-Odoo-Database": self.env.cr.dbname,
                "Authorization": f"Bearer {key}",
                **headers,
            },
        )

    def call(self, url, key, method, *arguments):
        """Call as the daemon does; the answer, or the fault raised."""
        body = xmlrpc_client.dumps(arguments, method, encoding="utf-8").encode()
        answer = self.post(url, body, key)
        self.assertEqual(answer.status_code, 200, answer.text)
        (result,), _method = xmlrpc_client.loads(answer.content)
        return result

    def send(self, key, reports):
        return self.call(RPC, key, "send", pack(reports))["results"]
