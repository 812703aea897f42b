"""What alert tables, read one after the other, make of the alerts that are known."""

from datetime import timedelta

# An alert raised again so soon after it was cleared is the same one, which flaps.
FLAPPING = timedelta(minutes=15)
# PrtAlertCodeTC other and unknown: such a code does not tell two alerts apart.
VAGUE_CODES = (None, 1, 2)

TOLD = ("index", "severity", "training", "group", "code", "description")


class Alert:
    """One alert of one device, from raised to cleared; its id is None while new."""

    __slots__ = (
        "id",
        "device_id",
        *TOLD,
        "raised_at",
        "cleared_at",
        "flaps",
        "place",
        "changed",
    )

    def __init__(self, device_id, place, row, raised_at):
        self.id = None
        self.device_id = device_id
        self.place = place
        self.raised_at = raised_at
        self.cleared_at = None
        self.flaps = 0
        self.changed = True
        for name in TOLD:
            setattr(self, name, getattr(row, name))

    @classmethod
    def stored(cls, identifier, device_id, place, row, moments, flaps):
        alert = cls(device_id, place, row, moments[0])
        alert.id, alert.cleared_at, alert.flaps = identifier, moments[1], flaps
        alert.changed = False
        return alert

    def tell(self, row):
        """Take what a row says of this alert now."""
        for name in TOLD:
            if getattr(self, name) != getattr(row, name):
                setattr(self, name, getattr(row, name))
                self.changed = True

    def clear(self, moment):
        self.cleared_at, self.changed = moment, True

    def reopen(self):
        self.cleared_at, self.changed = None, True
        self.flaps += 1


def _by_place(alert):
    """The same row of the table."""
    text = alert.description if alert.code in VAGUE_CODES else None
    return (alert.index, alert.group, alert.code, text)


def _by_meaning(alert):
    """The same trouble under another index: some devices number their table anew."""
    return (alert.group, alert.code, alert.description)


def _pair(rows, alerts):
    """Find the alert of each row.

    :return: (list of (row, alert), rows without alert, alerts without row)
    """
    pairs = []
    for key in (_by_place, _by_meaning):
        known = {}
        for alert in alerts:
            known.setdefault(key(alert), []).append(alert)
        rest = []
        for row in rows:
            if found := known.get(key(row)):
                pairs.append((row, found.pop(0)))
            else:
                rest.append(row)
        rows = rest
        alerts = [alert for found in known.values() for alert in found]
    return pairs, rows, alerts


def take(alerts, device_id, place, moment, section):
    """Bring the alerts of a device to what its table says at a moment.

    :param list alerts: its Alert records, open or lately cleared; new ones are added
    :param place: (partner id, site id, company id)
    """
    here = [alert for alert in alerts if alert.place == place]
    for alert in alerts:
        if alert.place != place and not alert.cleared_at:
            alert.clear(moment)
    if not here and not section.rows:
        return
    closed = [alert for alert in here if alert.cleared_at]
    pairs, rows, absent = _pair(
        section.rows, [alert for alert in here if not alert.cleared_at]
    )
    for row, alert in pairs:
        alert.tell(row)
    if section.whole:
        for alert in absent:
            alert.clear(moment)
    lately = sorted(
        (alert for alert in closed if moment - alert.cleared_at <= FLAPPING),
        key=lambda alert: alert.cleared_at,
        reverse=True,
    )
    again, rows, _rest = _pair(rows, lately)
    for row, alert in again:
        alert.reopen()
        alert.tell(row)
    alerts += [Alert(device_id, place, row, moment) for row in rows]
