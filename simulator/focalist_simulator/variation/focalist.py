"""A variation module of snmpsim: answers that are computed from the clock.

snmpsim runs this file for the record `1.3.6.1|:focalist|`, which stands for the whole
tree of object identifiers. The printer asked is the one whose endpoint the request came
in by, the last number of its transport domain.
"""

from pysnmp.smi.error import PySnmpError
from snmpsim.error import NoDataNotification

from focalist_simulator.answers import Answers

_answers = None


class Silence(NoDataNotification, PySnmpError):
    """No answer: snmpsim lets the one pass, pysnmp drops the request at the other."""


def init(options, mode, **_context):
    """Called once; `options` is what `focalist_simulator.serve` gave."""
    global _answers
    if mode == "variating":
        _answers = Answers.from_options(options)


def variate(oid, tag, value, **context):
    """The object and value that answer a request.

    :raises Silence: when the printer answers nothing
    """
    asked = context["origOid"]
    place = int(context["transportDomain"][-1])
    tree = _answers.tree(place)
    if tree is None:
        raise Silence
    if context["setFlag"]:
        return asked, tag, context["errorStatus"]
    find = tree.after if context["nextFlag"] else tree.exactly
    found = find(tuple(asked))
    return (found[0], tag, found[1]) if found else (asked, tag, context["errorStatus"])


def shutdown(**_context):
    """Nothing is held that would have to be given back."""
