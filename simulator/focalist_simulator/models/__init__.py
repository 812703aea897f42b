"""The makers, one module each: its models, its words, its own MIB.

Object identifiers are facts of the makers' MIBs as monitoring tools use them.
"""

from . import brother, canon, hp, konica_minolta, kyocera, lexmark, ricoh, xerox

MAKERS = (
    ricoh.MAKER,
    konica_minolta.MAKER,
    canon.MAKER,
    xerox.MAKER,
    hp.MAKER,
    kyocera.MAKER,
    lexmark.MAKER,
    brother.MAKER,
)
