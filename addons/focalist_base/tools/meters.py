"""The closed list of meters that a device report may carry.

`life` is the Printer MIB's prtMarkerLifeCount as it stands (RFC 3805); `total` is
what the maker counts as impressions. A function or a paper size may be told alone,
or split into mono and colour.
"""

FUNCTIONS = ("print", "copy", "fax", "scan")
FORMATS = ("a4", "a3")
COLORS = ("mono", "color")

METERS = (
    "life",
    "total",
    *COLORS,
    *(
        name
        for part in (*FUNCTIONS, *FORMATS)
        for name in (part, f"{part}_mono", f"{part}_color")
    ),
    "duplex",
)

# The life count counts the engine's own test pages too, in sheets on some makes:
# volumes are made of what the maker counts as impressions.
VOLUME_METERS = METERS[1:]

# PostgreSQL's integer, Odoo's Integer field.
MAX_METER = 2**31 - 1


def reading_field(meter):
    """Name of the meter's column on focalist.meter.reading."""
    return f"meter_{meter}"


def volume_field(meter):
    """Name of the meter's column on focalist.volume and focalist.volume.month."""
    return f"pages_{meter}"


def parse_pages(text):
    """The number of pages that a person typed: `12 345` is 12345.

    Typed as text, since a number's field cannot tell 0 from nothing.

    :return: int, or None where nothing was typed
    :raise ValueError: where it is no number of pages
    """
    digits = "".join((text or "").replace(",", "").replace(".", "").split())
    if not digits:
        return None
    if not digits.isdecimal() or int(digits) > MAX_METER:
        raise ValueError(text)
    return int(digits)
