"""What tables of supplies, read one after the other, make of the slots of devices.

Nothing here knows of the database: the slots as they were go in, and what is to be
written comes out.
"""

# pylint: disable=attribute-defined-outside-init
# (They are those of __slots__, all of them set there from a row.)

from .supply_names import cartridge_key

# Percent points that a cartridge's level rises by when another takes its place.
RISE = 20
# Percent points by which a level must have changed to be worth a row of its own.
STEP = 1

# Columns of a slot that a device tells, in the order of report_rows.SupplyRow.
TOLD = (
    "index",
    "name",
    "kind",
    "color",
    "part_number",
    "serial",
    "level",
    "capacity",
    "unit",
    "percent",
    "some_remaining",
)
STATE = ("active", "site_id", "rise_at", "unseen_since")
KEPT = (
    "supply_model_id",
    "known_percent",
    "recorded_percent",
    "rise_from",
    "rise_percent",
    "rise_meter",
)
COLUMNS = ("id", "device_id", *TOLD, *STATE, *KEPT)
_TOLD_END = 2 + len(TOLD) + len(STATE)


class Item:
    """One cartridge in a slot; its id is None while it is new."""

    __slots__ = (
        "id",
        "slot",
        "model",
        "serial",
        "place",
        "installed_at",
        "removed_at",
        "first_percent",
        "last_percent",
        "meter_start",
        "meter_end",
        "ended_by",
        "changed",
    )

    def __init__(self, slot, identifier=None):
        for name in self.__slots__:
            setattr(self, name, None)
        self.slot, self.id = slot, identifier


class Slot:
    """A slot whose state is another than before; its id is None while it is new.

    `known_percent` is the last percent known of the cartridge in it,
    `recorded_percent` the one in the last row of its levels. A rise that waits for the
    next report to be believed is kept in `rise_…`.
    """

    __slots__ = (*COLUMNS, "place", "item", "model")

    def __init__(self, row, item_id, place):
        for name, value in zip(COLUMNS, row, strict=True):
            setattr(self, name, value)
        self.place = place
        self.item = Item(self, item_id) if item_id else None
        # The catalogue's id, or what it is to be found by: see _model_of.
        self.model = self.supply_model_id

    def forget_rise(self):
        self.rise_at = self.rise_from = self.rise_percent = self.rise_meter = None


def room(kind, percent):
    """What is left: a waste box counts how full it is, all else how much remains."""
    return 100 - percent if kind == "waste_toner" else percent


class Supplies:
    """Slots by device, and what is to be written of them.

    :ivar dict changed: (device id, index) -> Slot to insert or update
    :ivar list items: Item to insert or update
    :ivar list replacements: (old Item, new Item, reason)
    :ivar list levels: (Slot or its id, device id, place, moment, level, percent, some
        remaining)
    """

    def __init__(self, rows):
        """:param rows: (COLUMNS…, open item's id, partner id, company id)"""
        self.slots, self.changed = {}, {}
        self.items, self.replacements, self.levels = [], [], []
        for row in rows:
            self.slots.setdefault(row[1], {})[row[2]] = row

    def take(self, device_id, place, moment, meter, section, last_read_at):
        """Take one table of a device in; tables come in the order of their moments.

        :param place: (partner id, site id, company id)
        :param meter: the device's total at that moment, or None
        :param last_read_at: when its supplies were read before
        """
        slots = self.slots.setdefault(device_id, {})
        new_day = not last_read_at or last_read_at.date() != moment.date()
        state = (True, place[1], None, None)
        for told in section.rows:
            entry = slots.get(told.index)
            if type(entry) is tuple and entry[2:_TOLD_END] == told + state:
                # The same as before: what most reports say of most supplies.
                if new_day and (told.percent is not None or told.some_remaining):
                    self.levels.append(
                        (entry[0], device_id, place, moment, *self._level(told))
                    )
                continue
            slot = self._slot(slots, device_id, told.index, place)
            self._tell(slot, told, place, moment, meter)
            self._record(slot, told, place, moment, new_day)
        if section.whole and len(slots) > len(section.rows):
            for index in slots.keys() - {told.index for told in section.rows}:
                self._miss(slots, device_id, index, last_read_at)

    def lowest_toner(self, device_id):
        """The lowest percent of its toners and inks, None where none is known."""
        lowest = None
        for entry in self.slots.get(device_id, {}).values():
            if type(entry) is tuple:
                kind, percent, active = entry[4], entry[11], entry[13]
            else:
                kind, percent, active = entry.kind, entry.percent, entry.active
            if active and percent is not None and kind in ("toner", "ink"):
                lowest = percent if lowest is None else min(lowest, percent)
        return lowest

    @staticmethod
    def _level(told):
        return told.level, told.percent, told.some_remaining

    def _slot(self, slots, device_id, index, place):
        """The slot to change, made when it is first heard of."""
        entry = slots.get(index)
        if entry is None:
            row = (None, device_id, index, *[None] * (len(COLUMNS) - 3))
            entry = Slot(row, None, place)
        elif type(entry) is tuple:
            size = len(COLUMNS)
            item_id, partner_id, company_id = entry[size:]
            row = entry[:size]
            entry = Slot(row, item_id, None)
            entry.place = (partner_id, entry.site_id, company_id)
        slots[index] = entry
        self.changed[device_id, index] = entry
        return entry

    def _miss(self, slots, device_id, index, last_read_at):
        """Archive a slot that a table which was read has not."""
        entry = slots[index]
        if entry[13] if type(entry) is tuple else entry.active:
            slot = self._slot(slots, device_id, index, None)
            slot.active, slot.unseen_since = False, last_read_at

    def _tell(self, slot, told, place, moment, meter):
        """Bring a slot to what a report says of it."""
        swapped = self._look_for_change(slot, told, place, moment, meter)
        same = (slot.kind, slot.color) == (told.kind, told.color) and not swapped
        # What was not read this time is still true of the same cartridge.
        name = told.name or (slot.name if same else None)
        part = told.part_number or (slot.part_number if same else None)
        was = (slot.name, slot.kind, slot.color, slot.part_number)
        if was != (name, told.kind, told.color, part) or not slot.model:
            slot.model = (name, told.kind, told.color, part)
        known = None if swapped else slot.serial
        serial = told.serial or known
        for column, value in zip(TOLD, told, strict=True):
            setattr(slot, column, value)
        slot.name, slot.part_number, slot.serial = name, part, serial
        slot.active, slot.unseen_since = True, None
        item = slot.item
        if item.id is None and item.model is None:
            item.model = slot.model
        if serial and not known:
            item.serial = serial
            self._touch(item)

    def _look_for_change(self, slot, told, place, moment, meter):
        """Tell one cartridge from the next.

        :return: whether another cartridge is in the slot since this report
        """
        if not slot.item or slot.place != place:
            if slot.item:
                self._close(slot, moment, slot.known_percent, meter, "moved")
            slot.place, slot.site_id = place, place[1]
            self._open(slot, moment, told.percent, meter)
            return True
        old, new = cartridge_key(slot.serial), cartridge_key(told.serial)
        if old and new and old != new:
            if slot.rise_at and told.percent is not None and self._rise(slot, told):
                self._replace_at_rise(slot, told, "serial")
            else:
                self._replace(slot, moment, told.percent, meter, "serial")
            return True
        if told.percent is None:
            return False
        if slot.known_percent is None:
            self._know(slot, told.percent)
        elif slot.rise_at:
            if self._rise(slot, told):
                self._replace_at_rise(slot, told, "level")
                return True
            slot.forget_rise()
            self._know(slot, told.percent)
        elif self._rise(slot, told):
            slot.rise_at, slot.rise_meter = moment, meter
            slot.rise_from, slot.rise_percent = slot.known_percent, told.percent
        else:
            self._know(slot, told.percent)
        return False

    @staticmethod
    def _rise(slot, told):
        before = slot.known_percent
        if before is None:
            return False
        gained = room(told.kind, told.percent) - room(told.kind, before)
        return round(gained, 6) >= RISE

    def _replace_at_rise(self, slot, told, reason):
        """The rise was seen one report ago, and is believed now."""
        at, first, meter = slot.rise_at, slot.rise_percent, slot.rise_meter
        self._replace(slot, at, first, meter, reason)
        self._know(slot, told.percent)

    def _replace(self, slot, moment, percent, meter, reason):
        old = slot.item
        self._close(slot, moment, slot.known_percent, meter, "replaced")
        new = self._open(slot, moment, percent, meter)
        self.replacements.append((old, new, reason))

    def _close(self, slot, moment, percent, meter, ended_by):
        item, slot.item = slot.item, None
        item.removed_at, item.last_percent, item.meter_end = moment, percent, meter
        item.ended_by = ended_by
        self._touch(item)

    def _open(self, slot, moment, percent, meter):
        slot.forget_rise()
        slot.known_percent = percent
        item = slot.item = Item(slot)
        item.place, item.installed_at, item.meter_start = slot.place, moment, meter
        item.first_percent = item.last_percent = percent
        self._touch(item)
        return item

    def _know(self, slot, percent):
        """Keep the percent of the cartridge that is in the slot."""
        slot.known_percent = slot.item.last_percent = percent
        if slot.item.first_percent is None:
            # Written where the cartridge was of unknown level so far, only.
            slot.item.first_percent = percent
        self._touch(slot.item)

    def _touch(self, item):
        if not item.changed:
            item.changed = True
            self.items.append(item)

    def _record(self, slot, told, place, moment, new_day):
        """Add a row of levels where there is something to say."""
        before, now = slot.recorded_percent, told.percent
        if before is None or now is None:
            changed = before is not now
        else:
            changed = round(abs(now - before), 6) >= STEP
        daily = new_day and (now is not None or told.some_remaining)
        if changed or daily:
            slot.recorded_percent = now
            level = (slot.device_id, place, moment, *self._level(told))
            self.levels.append((slot, *level))
