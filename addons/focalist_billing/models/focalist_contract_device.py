from collections import defaultdict

from odoo import api, fields, models
from odoo.exceptions import ValidationError


class FocalistContractDevice(models.Model):
    """A device in a contract from one moment to another; in one at a time."""

    _name = "focalist.contract.device"
    _description = "Device in a Contract"
    _inherit = ["focalist.guarded.mixin"]
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
    start_at = fields.Datetime("From", required=True, default=fields.Datetime.now)
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

    @api.constrains("device_id", "contract_id")
    def _check_stood_at_client(self):
        """A contract bills its client's devices, and no others."""
        for member in self:
            if member.partner_id not in member.device_id.placement_ids.partner_id:
                raise ValidationError(
                    self.env._(
                        "%(device)s has never stood at %(client)s. Move it there"
                        " first.",
                        device=member.device_id.display_name,
                        client=member.partner_id.name,
                    )
                )

    @api.model_create_multi
    def create(self, vals_list):
        """The stay that ends where a new one begins is written first: no overlap."""
        self.flush_model(["end_at"])
        return super().create(vals_list)

    @api.model
    def _join_contracts(self, contracts):
        """Put the client's devices that are in no contract into these.

        Back to when they came to the client or left their last contract: what a
        contract's own start leaves out is not billed.

        :param contracts: focalist.contract records; the first active one of a client
            takes its devices until it ends, then the next
        """
        by_client = contracts.sorted("id").filtered(lambda c: c.state == "active")
        by_client = by_client.grouped("partner_id")
        placements = self.env["focalist.device.placement"].search(
            [("partner_id", "in", [client.id for client in by_client])],
            order="device_id, start_at",
        )
        members = self.search([("device_id", "in", placements.device_id.ids)])
        by_device = members.grouped("device_id")
        joining = []
        for stay in self._stays(placements):
            inside = by_device.get(stay["device"], self).filtered(
                lambda member, stay=stay: (
                    (not member.end_at or member.end_at > stay["start_at"])
                    and (not stay["end_at"] or member.start_at < stay["end_at"])
                )
            )
            if any(not member.end_at for member in inside):
                continue
            start = max([stay["start_at"], *inside.mapped("end_at")])
            joining += self._in_turn(
                stay["device"], start, stay["end_at"], by_client[stay["client"]]
            )
        return self.create(joining)

    @api.model
    def _in_turn(self, device, start, end, contracts):
        """What a device is in while it is at a client: a contract, and once that ends
        the next one.

        :param contracts: those of the client that are active, in their order
        :return: list of values of records
        """
        joining = []
        for contract in contracts:
            until = contract._until(end)
            if until and until <= start:
                continue
            joining.append(
                {
                    "contract_id": contract.id,
                    "device_id": device.id,
                    "start_at": start,
                    "end_at": until,
                }
            )
            if not until:
                break
            start = until
        return joining

    @api.model
    def _active_contracts(self, clients):
        """The contracts that take devices of clients, by client, in their order."""
        return (
            self.env["focalist.contract"]
            .search(
                [("partner_id", "in", clients.ids), ("state", "=", "active")],
                order="id",
            )
            .grouped("partner_id")
        )

    @api.model
    def _stays(self, placements):
        """Placements joined where one begins at the client as the other ends.

        :param placements: sorted by device and start
        :return: list of dict(device, client, start_at, end_at)
        """
        stays = []
        for placement in placements:
            last = stays[-1] if stays else {}
            if (
                last.get("device") == placement.device_id
                and last["client"] == placement.partner_id
                and last["end_at"] == placement.start_at
            ):
                last["end_at"] = placement.end_at
            else:
                stays.append(
                    {
                        "device": placement.device_id,
                        "client": placement.partner_id,
                        "start_at": placement.start_at,
                        "end_at": placement.end_at,
                    }
                )
        return stays

    @api.model
    def _follow(self, placements):
        """Let devices that came to a client leave the old contract and join the new.

        :param placements: focalist.device.placement records just made
        """
        contracts = self._active_contracts(placements.partner_id)
        members = self.search([("device_id", "in", placements.device_id.ids)])
        ends = {member: member.end_at for member in members}
        joining = []
        for placement in placements.sorted("start_at"):
            start = placement.start_at
            # The one that goes on, or ends at this very moment since the device moved.
            there = members.filtered(
                lambda member, p=placement: (
                    member.device_id == p.device_id
                    and (not ends[member] or ends[member] >= p.start_at)
                )
            ).sorted("start_at")
            member = there[-1:]
            if member.partner_id == placement.partner_id:
                if ends[member] != start:
                    continue
                start = member.contract_id._until(placement.end_at)
                ends[member] = start
            else:
                ends.update(dict.fromkeys(there, start))
            if start:
                joining += self._in_turn(
                    placement.device_id,
                    start,
                    placement.end_at,
                    contracts.get(placement.partner_id, ()),
                )
        self._end(ends)
        return self.create(joining)

    @api.model
    def _leave(self, placements):
        """End what devices that left a client without coming back were in.

        :param placements: focalist.device.placement records that have ended
        """
        starts = self.env["focalist.device.placement"].search(
            [("device_id", "in", placements.device_id.ids)]
        )
        going_on = {(stay.device_id, stay.partner_id, stay.start_at) for stay in starts}
        stays = starts.grouped(lambda stay: (stay.device_id, stay.partner_id))
        gone = {(placement.device_id, placement.partner_id) for placement in placements}
        left = {}
        for member in self.search([("device_id", "in", placements.device_id.ids)]):
            key = member.device_id, member.partner_id
            if key not in gone:
                continue
            if all(s.end_at and s.end_at <= member.start_at for s in stays[key]):
                # It was to join once another contract was over.
                left[member] = member.start_at
                continue
            ends = [
                placement.end_at
                for placement in placements
                if placement.device_id == member.device_id
                and placement.partner_id == member.partner_id
                and placement.end_at
                and placement.end_at > member.start_at
                and (not member.end_at or placement.end_at < member.end_at)
            ]
            last = max(ends, default=None)
            if last and (*key, last) not in going_on:
                left[member] = last
        self._end(left)

    @api.model
    def _end(self, ends):
        """Write when members end, those that end together at once.

        Those that would begin no earlier are none.

        :param dict ends: member -> moment, or False while it goes on
        """
        together, none = defaultdict(self.browse), self.browse()
        for member, end in ends.items():
            if end and end <= member.start_at:
                none |= member
            elif member.end_at != end:
                together[end] |= member
        none.unlink()
        for end, members in together.items():
            members.end_at = end

    def _go_on(self):
        """Take back that devices left: they are in contracts as if they had not."""
        contracts = self._active_contracts(self.partner_id)
        ends = {member: member.contract_id._until(False) for member in self}
        self._end(ends)
        joining = []
        for member, end in ends.items():
            if end:
                joining += self._in_turn(
                    member.device_id, end, False, contracts.get(member.partner_id, ())
                )
        self.create(joining)

    def _stay_on(self):
        """Take back the end of devices that have not gone anywhere since."""
        last = dict(
            self._read_group(
                [("device_id", "in", self.device_id.ids)],
                ["device_id"],
                ["start_at:max"],
            )
        )
        self.filtered(
            lambda member: (
                last[member.device_id] < member.end_at
                and member.device_id.partner_id == member.partner_id
            )
        ).end_at = False

    @api.model
    def _end_with(self, contracts):
        """Let devices leave contracts that end, and stay where an end was taken back.

        They join another active contract of the client where it has one.
        """
        for contract in contracts:
            if contract.date_end:
                end = contract._end_at()
                contract.member_ids.filtered(
                    lambda member, end=end: (
                        member.start_at < end
                        and (not member.end_at or member.end_at > end)
                    )
                ).end_at = end
        others = self.env["focalist.contract"].search(
            [
                ("partner_id", "in", contracts.partner_id.ids),
                ("state", "=", "active"),
                ("date_end", "=", False),
            ]
        )
        self.flush_model()
        self._join_contracts(others)
