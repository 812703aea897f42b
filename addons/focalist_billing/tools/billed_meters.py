"""What each Type of a contract's prices bills (P0), and by which counters."""

from typing import NamedTuple


class Counter(NamedTuple):
    """A counter that bills a meter.

    A printer without colour may tell `whole` counters alone: its print counter is its
    mono print counter. `split` are the counters that it would tell if it split them.
    """

    meter: str
    name: str
    split: tuple[str, ...] = ()


#: Type -> its meters, in the order of the invoice.
TYPES = {
    "total": ("total",),
    "mono_color": ("mono", "color"),
    "mono_color_scan": ("mono", "color", "scan"),
    "function": (
        "print_mono",
        "print_color",
        "copy_mono",
        "copy_color",
        "fax",
        "scan",
    ),
    "format": ("a4_mono", "a4_color", "a3_mono", "a3_color"),
}

DEFAULT_TYPE = "mono_color_scan"

#: All of them, in the order of the invoice.
BILLED_METERS = tuple(
    dict.fromkeys(meter for type_ in TYPES.values() for meter in type_)
)

#: What tiers are of.
TIER_KINDS = ("total", "mono", "color")

#: Meter -> the tiers that its pages fall into; the others have a price of their own.
TIERED = {
    "total": "total",
    "mono": "mono",
    "color": "color",
    "print_mono": "mono",
    "print_color": "color",
    "copy_mono": "mono",
    "copy_color": "color",
    "a4_mono": "mono",
    "a4_color": "color",
    "a3_mono": "mono",
    "a3_color": "color",
}

#: A3 meter -> the A4 meter that it may be a multiple of.
A4_OF = {"a3_mono": "a4_mono", "a3_color": "a4_color"}


def counters(meters):
    """The counters that bill these meters.

    :return: list of Counter, for each meter its own, then the whole one
    """
    found = []
    for meter in meters:
        found.append(Counter(meter, meter))
        if meter == "mono":
            found.append(Counter(meter, "total", ("mono", "color")))
        elif meter.endswith("_mono"):
            whole = meter.removesuffix("_mono")
            found.append(Counter(meter, whole, (meter, f"{whole}_color")))
    return found


def counter_of(meter, name):
    """The Counter by which `name` bills a meter."""
    return next(counter for counter in counters([meter]) if counter.name == name)
