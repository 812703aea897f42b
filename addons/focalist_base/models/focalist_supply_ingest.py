from odoo import api, models
from odoo.tools import SQL

from ..tools.recordset import insert, recordset
from ..tools.supply_state import COLUMNS, Supplies

SLOT_TYPES = {
    "id": "int4",
    "device_id": "int4",
    "index": "varchar",
    "name": "varchar",
    "kind": "varchar",
    "color": "varchar",
    "part_number": "varchar",
    "serial": "varchar",
    "level": "int4",
    "capacity": "int4",
    "unit": "varchar",
    "percent": "float8",
    "some_remaining": "bool",
    "active": "bool",
    "site_id": "int4",
    "rise_at": "timestamp",
    "unseen_since": "timestamp",
    "supply_model_id": "int4",
    "known_percent": "float8",
    "recorded_percent": "float8",
    "rise_from": "float8",
    "rise_percent": "float8",
    "rise_meter": "int4",
    "partner_id": "int4",
    "company_id": "int4",
}
ITEM_TYPES = {
    "id": "int4",
    "supply_id": "int4",
    "device_id": "int4",
    "partner_id": "int4",
    "site_id": "int4",
    "company_id": "int4",
    "supply_model_id": "int4",
    "serial": "varchar",
    "installed_at": "timestamp",
    "removed_at": "timestamp",
    "ended_by": "varchar",
    "first_percent": "float8",
    "last_percent": "float8",
    "meter_start": "int4",
    "meter_end": "int4",
}
REPLACEMENT_TYPES = {
    "supply_id": "int4",
    "device_id": "int4",
    "partner_id": "int4",
    "site_id": "int4",
    "company_id": "int4",
    "replaced_at": "timestamp",
    "reason": "varchar",
    "old_item_id": "int4",
    "new_item_id": "int4",
}
LEVEL_TYPES = {
    "supply_id": "int4",
    "device_id": "int4",
    "partner_id": "int4",
    "site_id": "int4",
    "company_id": "int4",
    "read_at": "timestamp",
    "level": "int4",
    "percent": "float8",
    "some_remaining": "bool",
}


class FocalistSupply(models.Model):
    """Supplies as reports tell them: what `focalist.device._ingest` hands on."""

    _inherit = "focalist.supply"

    @api.model
    def _take(self, taken, totals):
        """Bring supplies to what the newest reports tell, and keep what changed.

        Reports older than the last that told of supplies come too late for that: they
        are left out. As many statements for a hundred devices as for one.

        :param list taken: (device, Place, DeviceReport) in the order of their moments,
            of active devices where they stood
        :param dict totals: (device, uid) -> total of impressions that counts
        :return: dict device -> values of its record
        """
        last = {}
        fresh = []
        for device, placement, report in taken:
            before = last.setdefault(device, device.supplies_read_at)
            if report.supplies and (not before or report.read_at > before):
                fresh.append((device, placement, report, before))
                last[device] = report.read_at
        if not fresh:
            return {}
        read = {device for device, _placement, _report, _before in fresh}
        supplies = Supplies(self._stored_supplies({device.id for device in read}))
        meters = {}
        for device, placement, report, before in fresh:
            meter = totals.get((device, report.uid))
            if meter is None:
                meter = meters.get(device, device.total_meter)
            meters[device] = None if meter is False else meter
            supplies.take(
                device.id,
                placement.owner,
                report.read_at,
                meters[device],
                report.supplies,
                before or None,
            )
        if supplies.changed or supplies.levels:
            self._write_supplies(supplies, read)
        return {
            device: {
                "supplies_read_at": last[device],
                "toner_percent": supplies.lowest_toner(device.id),
            }
            for device in read
        }

    @api.model
    def _stored_supplies(self, device_ids):
        return self.env.execute_query(
            SQL(
                "SELECT %s, i.id, s.partner_id, s.company_id FROM focalist_supply s"
                " LEFT JOIN focalist_supply_item i"
                " ON i.supply_id = s.id AND i.removed_at IS NULL"
                " WHERE s.device_id IN %s",
                SQL(", ").join(SQL.identifier("s", name) for name in COLUMNS),
                tuple(device_ids),
            )
        )

    @api.model
    def _write_supplies(self, supplies, devices):
        """Write what became of the slots, table by table."""
        changed = list(supplies.changed.values())
        self._find_supply_models(supplies, {device.id: device for device in devices})
        self._write_items([item for item in supplies.items if item.id])
        self._write_slots(changed)
        self._add_items([item for item in supplies.items if not item.id])
        self._add_replacements(supplies.replacements)
        self._add_levels(supplies)
        if changed:
            for model in ("focalist.supply", "focalist.supply.item"):
                self.env[model].invalidate_model(flush=False)
            self.env["focalist.device"].browse(
                [device.id for device in devices]
            ).invalidate_recordset(
                ["supply_ids", "replacement_ids", "supply_bars"], flush=False
            )

    @api.model
    def _find_supply_models(self, supplies, devices):
        """Put the catalogue's ids in the place of what devices told."""
        makers = {
            device_id: device.manufacturer_id.id
            for device_id, device in devices.items()
        }
        new = [
            one
            for one in (*supplies.changed.values(), *supplies.items)
            if isinstance(one.model, tuple)
        ]
        slots = [getattr(one, "slot", one) for one in new]
        told = [
            (makers[slot.device_id], *one.model)
            for slot, one in zip(slots, new, strict=True)
        ]
        catalogue = self.env["focalist.supply.model"]
        found = catalogue._find_or_create(told)
        for one, words in zip(new, told, strict=True):
            one.model = found[words]
        catalogue._add_device_models(
            {
                (one.model, devices[slot.device_id].model_id.id)
                for slot, one in zip(slots, new, strict=True)
            }
        )

    @api.model
    def _write_slots(self, slots):
        """Write slots that changed and add those never seen before."""
        for slot in slots:
            slot.supply_model_id = slot.model
        rows = {
            slot: (
                *(getattr(slot, name) for name in COLUMNS),
                slot.place[0],
                slot.place[2],
            )
            for slot in slots
        }
        names = [name for name in SLOT_TYPES if name != "id"]
        new = [slot for slot in slots if not slot.id]
        if old := [rows[slot] for slot in slots if slot.id]:
            self.env.execute_query(
                SQL(
                    "UPDATE focalist_supply s SET %s, write_date = %s, write_uid = %s"
                    " FROM %s WHERE s.id = v.id RETURNING s.id",
                    SQL(", ").join(
                        SQL("%s = v.%s", SQL.identifier(n), SQL.identifier(n))
                        for n in names
                    ),
                    self.env.cr.now(),
                    self.env.uid,
                    recordset("v", SLOT_TYPES, old),
                )
            )
        if new:
            ids = insert(
                self.env, "focalist_supply", SLOT_TYPES, [rows[s] for s in new]
            )
            for slot, slot_id in zip(new, ids, strict=True):
                slot.id = slot_id

    @api.model
    def _item_row(self, item):
        return (
            item.id,
            item.slot.id,
            item.slot.device_id,
            *(item.place or (None, None, None)),
            item.model,
            item.serial,
            item.installed_at,
            item.removed_at,
            item.ended_by,
            item.first_percent,
            item.last_percent,
            item.meter_start,
            item.meter_end,
        )

    @api.model
    def _write_items(self, items):
        """Bring cartridges up to date that were in their slots before."""
        if not items:
            return
        self.env.execute_query(
            SQL(
                """
                UPDATE focalist_supply_item i
                   SET removed_at = v.removed_at, ended_by = v.ended_by,
                       meter_end = v.meter_end,
                       serial = COALESCE(i.serial, v.serial),
                       first_percent = COALESCE(i.first_percent, v.first_percent),
                       last_percent = COALESCE(v.last_percent, i.last_percent),
                       write_date = %s
                  FROM %s
                 WHERE i.id = v.id
             RETURNING i.id
                """,
                self.env.cr.now(),
                recordset("v", ITEM_TYPES, [self._item_row(item) for item in items]),
            )
        )

    @api.model
    def _add_items(self, items):
        if not items:
            return
        rows = [self._item_row(item) for item in items]
        ids = insert(self.env, "focalist_supply_item", ITEM_TYPES, rows)
        for item, item_id in zip(items, ids, strict=True):
            item.id = item_id

    @api.model
    def _add_replacements(self, replacements):
        if not replacements:
            return
        insert(
            self.env,
            "focalist_supply_replacement",
            REPLACEMENT_TYPES,
            [
                (
                    new.slot.id,
                    new.slot.device_id,
                    *new.place,
                    new.installed_at,
                    reason,
                    old.id,
                    new.id,
                )
                for old, new, reason in replacements
            ],
        )

    @api.model
    def _add_levels(self, supplies):
        if not supplies.levels:
            return
        insert(
            self.env,
            "focalist_supply_level",
            LEVEL_TYPES,
            [
                (slot if type(slot) is int else slot.id, device_id, *place, *told)
                for slot, device_id, place, *told in supplies.levels
            ],
            log=False,
        )

    @api.model
    def _leave_place(self, devices, at):
        """End the cartridges of devices that leave: neither client reads on."""
        ids = tuple(devices.ids)
        self.env.execute_query(
            SQL(
                "UPDATE focalist_supply_item i SET ended_by = 'moved',"
                " removed_at = GREATEST(i.installed_at, %s), meter_end = d.total_meter"
                " FROM focalist_device d WHERE d.id = i.device_id"
                " AND i.device_id IN %s AND i.removed_at IS NULL RETURNING i.id",
                at,
                ids,
            )
        )
        self.env.execute_query(
            SQL(
                "UPDATE focalist_supply s SET rise_at = NULL, unseen_since ="
                " COALESCE(s.unseen_since, d.supplies_read_at)"
                " FROM focalist_device d WHERE d.id = s.device_id"
                " AND s.device_id IN %s RETURNING s.id",
                ids,
            )
        )
        for model in ("focalist.supply", "focalist.supply.item"):
            self.env[model].invalidate_model(flush=False)
