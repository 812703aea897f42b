import json

from odoo import http
from odoo.http import content_disposition, request

from ..models.account_move_send import XLSX


class FocalistSimulation(http.Controller):
    """A simulation of prices as a file: rated again, and kept nowhere."""

    @http.route(
        "/focalist/simulation",
        type="http",
        auth="user",
        methods=["POST"],
        readonly=True,
    )
    def simulation(self, client_id, contract_id, prices):
        """The workbook of these prices, for whoever may read the client's.

        :param prices: JSON of `plain_values`
        """
        pricing = request.env["focalist.pricing"]
        client, contract = (
            request.env[model].browse(int(value) if value.isdecimal() else ()).exists()
            for model, value in (
                ("res.partner", client_id),
                ("focalist.contract", contract_id),
            )
        )
        if not (client or contract):
            raise request.not_found()
        name, content = pricing._simulation_xlsx(client, contract, json.loads(prices))
        return request.make_response(
            content,
            [
                ("Content-Type", XLSX),
                ("Content-Disposition", content_disposition(name)),
            ],
        )
