from odoo import api, fields, models


class FocalistContractDevice(models.Model):
    """A device in a contract from one moment to another; in one at a time."""

    _name = "focalist.contract.device"
    _description = "Device in a Contract"
    _order = "contract_id, start_at desc, id"
    _rec_name = "device_id"
    _check_company_auto = True

    contract_id = fields.Many2one(
        "focalist.contract",
        required=True,
        index=True,
        ondelete="cascade",
        check_company=True,
    )
    device_id = fields.Many2one(
        "focalist.device",
        required=True,
        index=True,
        ondelete="restrict",
        check_company=True,
    )
    partner_id = fields.Many2one(
        related="contract_id.partner_id",
        string="Client",
        store=True,
        precompute=True,
        index=True,
    )
    company_id = fields.Many2one(
        related="contract_id.company_id",
        required=True,
        store=True,
        precompute=True,
        index=True,
    )
    site_id = fields.Many2one(related="device_id.site_id")
    serial_number = fields.Char(related="device_id.serial_number")
    start_at = fields.Datetime("From", required=True)
    end_at = fields.Datetime("To", help="Empty while the device is in the contract.")

    _order_of_moments = models.Constraint(
        "CHECK (end_at IS NULL OR end_at > start_at)",
        "A device leaves a contract after it joined it.",
    )
    # int4range stands in for "=": no extension of PostgreSQL is needed.
    _no_overlap = models.Constraint(
        "EXCLUDE USING gist (int4range(device_id, device_id, '[]') WITH &&,"
        " tsrange(start_at, end_at) WITH &&)",
        "A device is in one contract at a time.",
    )

    @api.model_create_multi
    def create(self, vals_list):
        """The stay that ends where a new one begins is written first: no overlap."""
        self.flush_model(["end_at"])
        return super().create(vals_list)

    @api.model
    def _join_contracts(self, contracts):
        """Put the client's devices that are in no contract into these.

        Back to when they came to the client: what the contract's start leaves out is
        not billed.

        :param contracts: active focalist.contract records; the first of a client takes
        """
        firsts = {}
        for contract in contracts.sorted("id"):
            firsts.setdefault(contract.partner_id, contract)
        placements = self.env["focalist.device.placement"].search(
            [("partner_id", "in", [client.id for client in firsts])],
            order="device_id, start_at",
        )
        taken = set(
            self.search([("device_id", "in", placements.device_id.ids)]).mapped(
                lambda member: (member.device_id, member.partner_id)
            )
        )
        stays = []
        for placement in placements:
            if (placement.device_id, placement.partner_id) in taken:
                continue
            last = stays[-1] if stays else {}
            contract = firsts[placement.partner_id]
            # From one site of the client to the next, it stays in its contract.
            if (
                last.get("device_id") == placement.device_id.id
                and last["contract_id"] == contract.id
                and last["end_at"] == placement.start_at
            ):
                last["end_at"] = placement.end_at
            else:
                stays.append(
                    {
                        "contract_id": contract.id,
                        "device_id": placement.device_id.id,
                        "start_at": placement.start_at,
                        "end_at": placement.end_at,
                    }
                )
        return self.create(stays)

    @api.model
    def _follow(self, placements):
        """Let devices that came to a client leave the old contract and join the new.

        :param placements: focalist.device.placement records just made
        """
        contracts = self.env["focalist.contract"].search(
            [
                ("partner_id", "in", placements.partner_id.ids),
                ("state", "=", "active"),
            ],
            order="id",
        )
        firsts = {}
        for contract in contracts:
            firsts.setdefault(contract.partner_id, contract)
        present = {
            member.device_id: member
            for member in self.search(
                [("device_id", "in", placements.device_id.ids), ("end_at", "=", False)]
            )
        }
        joining = []
        for placement in placements.sorted("start_at"):
            member = present.get(placement.device_id)
            if member and member.partner_id == placement.partner_id:
                continue
            if member:
                member.end_at = placement.start_at
            contract = firsts.get(placement.partner_id)
            if contract:
                joining.append(
                    {
                        "contract_id": contract.id,
                        "device_id": placement.device_id.id,
                        "start_at": placement.start_at,
                        "end_at": placement.end_at,
                    }
                )
        return self.create(joining)
