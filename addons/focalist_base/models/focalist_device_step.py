from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError

_SECOND = timedelta(seconds=1)


class FocalistDevice(models.Model):
    """The steps of a device's life: moved, swapped, out of service, and back."""

    _name = "focalist.device"
    _inherit = ["focalist.device"]

    can_take_back = fields.Boolean(
        compute="_compute_can_take_back",
        groups="focalist_base.group_focalist_technician",
        help="Nothing was heard of the device since its last step.",
    )

    @api.depends("placement_ids.end_at", "state", "last_report_at")
    def _compute_can_take_back(self):
        for device in self:
            device.can_take_back = (
                device.state in ("active", "retired")
                and bool(device.placement_ids)
                and not device._heard_since_step()
            )

    def _step(self, site, at, meters=None):
        """Move devices to a site, or out of service, at any moment that is past.

        :param site: focalist.site; empty for out of service
        :param datetime at: naive UTC
        :param dict meters: device -> {meter: value} that it told at that moment: the
            closing reading of the old place and the opening one of the new
        :return: the readings that were entered: some may wait for a person
        :raise UserError: where a device cannot have left its place at that moment
        """
        meters = {device: told for device, told in (meters or {}).items() if told}
        left = self._present_placements()
        for placement in left.filtered(lambda placement: placement.site_id == site):
            raise UserError(
                self.env._(
                    "%(device)s stands at %(place)s already.",
                    device=placement.device_id.display_name,
                    place=placement.display_name,
                )
            )
        self._check_can_leave(at)
        closing = left._enter_bound(meters, at - _SECOND, "closing_reading_id")
        if site:
            was = {device: device._place_text() for device in self}
            self._move(site, at)
            opening = self._present_placements()._enter_bound(
                meters, at, "opening_reading_id"
            )
        else:
            was = {}
            opening = closing.browse()
            self._retire(at)
        self._log_step(at, was, closing | opening)
        return closing | opening

    def _check_can_leave(self, at):
        """Raise a UserError where a device came to where it stands only later."""
        for placement in self.placement_ids:
            if placement.start_at >= at or (placement.end_at or at) > at:
                raise UserError(
                    self.env._(
                        "%(device)s came to %(place)s on %(start)s%(end)s. Choose a"
                        " moment after that.",
                        device=placement.device_id.display_name,
                        place=placement.display_name,
                        start=self._moment_text(placement.start_at),
                        end=placement.end_at
                        and self.env._(
                            " and left on %(end)s",
                            end=self._moment_text(placement.end_at),
                        )
                        or "",
                    )
                )

    def _retire(self, at):
        """Take devices out of service: they leave their sites.

        :param datetime at: naive UTC
        :raise UserError: where a device was read at its place after that
        """
        present = self._present_placements()
        self._check_not_read_since(present, at)
        present.end_at = at
        self.filtered(lambda device: device.state == "active").sudo().write(
            {"state": "retired"}
        )

    def _swap(self, incoming, at, site, meters=None):
        """Put another device in this one's place, at the same moment.

        :param incoming: focalist.device
        :param site: focalist.site where this one goes; empty for out of service
        :param dict meters: see `_step`, of both
        :return: the readings that were entered
        """
        self.ensure_one()
        left = self._present_placements()
        if not left:
            raise UserError(
                self.env._(
                    "%(device)s stands at no site: there is nothing to swap.",
                    device=self.display_name,
                )
            )
        if incoming == self:
            raise UserError(self.env._("A device is swapped with another one."))
        readings = self._step(site, at, meters)
        readings |= incoming._step(left.site_id, at, meters)
        # Who may place a device may tell whose place it took.
        incoming._present_placements().sudo().replaces_id = left
        for one, other in ((self, incoming), (incoming, self)):
            one._message_log(
                body=self.env._(
                    "Swapped with %(device)s.", device=other._get_html_link()
                )
            )
        return readings

    # Undo

    def _heard_since_step(self):
        """Whether the device told anything since it came to where it stands."""
        placement = self._present_placements()
        if not placement:
            return False
        heard = self.last_report_at
        readings = self.env["focalist.meter.reading"].search_count(
            [
                ("placement_id", "=", placement.id),
                ("id", "not in", placement.opening_reading_id.ids),
            ],
            limit=1,
        )
        return bool(readings) or bool(heard and heard >= placement.start_at)

    def action_take_back(self):
        """Undo the last move, swap or going out of service of each device."""
        self.check_access("write")
        for device in self._with_swapped():
            device._take_back_step()

    def _with_swapped(self):
        """These devices and those with which their last step was a swap."""
        devices = self
        for swap in self.env["focalist.device.placement"].search(
            [
                ("replaces_id", "!=", False),
                "|",
                ("device_id", "in", self.ids),
                ("replaces_id.device_id", "in", self.ids),
            ]
        ):
            both = swap.device_id | swap.replaces_id.device_id
            if all(device._step_at() == swap.start_at for device in both):
                devices |= both
        return devices

    def _step_at(self):
        """The moment of the device's last step."""
        last = self.placement_ids.sorted("start_at")[-1:]
        return last.end_at or last.start_at

    def _take_back_step(self):
        self.ensure_one()
        placements = self.placement_ids.sorted("start_at", reverse=True)
        if not placements or self.state not in ("active", "retired"):
            raise UserError(
                self.env._(
                    "%(device)s has made no step that can be taken back.",
                    device=self.display_name,
                )
            )
        last = placements[0]
        if last.end_at:
            last._reopen()
            state = "active"
        elif self._heard_since_step():
            raise UserError(
                self.env._(
                    "%(device)s was read at %(place)s since: move it from there"
                    " instead.",
                    device=self.display_name,
                    place=last.display_name,
                )
            )
        else:
            state = self._withdraw_step(last, placements[1:2])
        self.sudo().write({"state": state})
        self._message_log(body=self.env._("The last step was taken back."))

    def _withdraw_step(self, last, before):
        """Undo that a device came to a place.

        :return: the state that it was in before
        """
        site, reading = last.site_id, last.opening_reading_id
        reading.sudo()._check_unbilled(reading.sudo()._counting() if reading else {})
        if before.end_at == last.start_at:
            state = "active"
        else:
            state = "retired" if before else "to_complete"
        if reading and state != "active":
            # It stood nowhere before: there is no other place for what was read.
            if reading.state != "void":
                reading._void(self.env._("The move was taken back"))
            last.end_at = last.start_at + _SECOND
        else:
            last._withdraw(before)
            if state == "active":
                before._reopen()
            self.env["focalist.volume"].sudo()._refresh(reading.sudo())
        if state == "to_complete":
            self.sudo().write({"proposed_site_id": site.id})
        return state

    # Words

    def _place_text(self):
        present = self._present_placements()
        return present.display_name if present else self.env._("no site")

    def _moment_text(self, at):
        return fields.Datetime.context_timestamp(self, at).strftime("%Y-%m-%d %H:%M:%S")

    def _log_step(self, at, was, readings):
        """Say in the chatter of each device what became of it, and what it read.

        :param dict was: device -> where it stood before; empty for out of service
        """
        bodies = {}
        for device in self:
            told = readings.filtered(lambda r, d=device: r.device_id == d)[:1]
            values = told._values_text(told._counting()) if told else ""
            moment = device._moment_text(at)
            if was:
                body = self.env._(
                    "Moved from %(before)s to %(after)s on %(moment)s.",
                    before=was[device],
                    after=device._place_text(),
                    moment=moment,
                )
            else:
                body = self.env._("Out of service since %(moment)s.", moment=moment)
            if values:
                body += " " + self.env._("Meters: %(values)s.", values=values)
            bodies[device.id] = body
        self._message_log_batch(bodies)
