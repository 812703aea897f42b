"""What collectors say, XML-RPC or JSON: read within bounds, written without surprises.

What arrives is a stranger's: no DTD, few elements, and only what the standards know.
"""

import base64
import json
import math
import re
import zlib
from datetime import datetime, timezone
from xml.parsers import expat
from xmlrpc import client as xmlrpc_client

MAX_BODY = 8 * 1024 * 1024
MAX_INFLATED = 16 * 1024 * 1024
MAX_REPORTS = 1000
MAX_REPORT_DEPTH = 32
# The largest call of a collector has a dozen elements.
MAX_ELEMENTS = 500
MAX_DEPTH = 20
MAX_DIGITS = 300
# Of a batch: lists, objects and what follows each other in them. The largest reports
# have some 500; a byte each, they would take fifty in memory.
MAX_PARTS = 1_000_000
# Of a stranger's text, in a log.
MAX_LOGGED = 300
# Of what a collector lists in a message besides reports.
MAX_ITEMS = 100
MAX_COUNT = 10_000_000
# XML 1.0 knows no other characters; a lone surrogate cannot be encoded.
_NOT_IN_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class RefusedError(ValueError):
    """What is not taken as it arrived; the text says why."""


class MalformedError(RefusedError):
    """What arrived cannot be understood; the text is for the collector's log."""


class TooLargeError(RefusedError):
    """What is larger than allowed once it is inflated, or has too many parts."""


class EncodingError(RefusedError):
    """A body that is compressed in a way that is not read here."""


class DoctypeError(RefusedError):
    """A DTD: no collector sends one, and entities make a large text of a small one."""


def printable(text, limit=MAX_LOGGED):
    """A stranger's text as one short line, for a log."""
    return "".join(c for c in str(text)[:limit] if c.isprintable())


def read_call(body):
    """Read a method call.

    :param bytes body: an XML-RPC request
    :return: (method name, tuple of arguments)
    :raise DoctypeError: where there is a DTD
    :raise MalformedError: where it is no call
    """
    target = xmlrpc_client.Unmarshaller()
    # XML-RPC has no attributes, and all of an element's are read before it is seen: a
    # million of them are not refused one by one. Another encoding would hide them.
    if body.count(b"=") > MAX_ELEMENTS:
        raise MalformedError("The call is nested too deeply or too long.")
    parser = expat.ParserCreate("utf-8")
    depth = count = 0

    def start(tag, attributes):
        nonlocal depth, count
        depth += 1
        count += 1
        if depth > MAX_DEPTH or count > MAX_ELEMENTS:
            raise MalformedError("The call is nested too deeply or too long.")
        target.start(tag, attributes)

    def end(tag):
        nonlocal depth
        depth -= 1
        target.end(tag)

    def refuse(*_arguments):
        raise DoctypeError("A call has no DTD.")

    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = target.data
    parser.StartDoctypeDeclHandler = refuse
    target.xml(None, None)
    try:
        parser.Parse(body, True)
        return target.getmethodname(), target.close()
    except (DoctypeError, MalformedError):
        raise
    except (
        ArithmeticError,
        AttributeError,
        LookupError,
        TypeError,
        ValueError,
        expat.ExpatError,
        xmlrpc_client.Error,
    ) as error:
        raise MalformedError("This is no XML-RPC call.") from error


def read_arguments(body):
    """Read the arguments of a call in JSON: a list, as small as an XML-RPC call.

    :raise MalformedError: where it is none
    """
    # A batch is one text of base64: whatever has many parts is no call. Looked at
    # before it is parsed, since each part costs much more than its letter.
    if _parts(body) > MAX_ELEMENTS:
        raise MalformedError("The call is nested too deeply or too long.")
    arguments = _read_json(body, "A call's arguments are a list in JSON.")
    if not isinstance(arguments, list):
        raise MalformedError("A call's arguments are a list in JSON.")
    return arguments


def decode_body(body, encoding):
    """A body as it was before it was compressed, or not.

    :raise EncodingError: where that is not read here
    :raise RefusedError: as of `inflate_body`
    """
    if encoding == "gzip":
        return inflate_body(body)
    if encoding != "identity":
        raise EncodingError("The body is compressed, and not with gzip.")
    return body


def inflate_body(body):
    """A body that was compressed with gzip (RFC 9110, 8.4.1.3).

    :raise TooLargeError: where it is larger than a plain one may be
    :raise MalformedError: where it is no gzip
    """
    try:
        inflater = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
        inflated = inflater.decompress(body, MAX_BODY)
    except zlib.error as error:
        raise MalformedError("The body is no gzip.") from error
    if inflater.unconsumed_tail:
        raise TooLargeError("The body is too large when it is inflated.")
    if not inflater.eof or inflater.unused_data:
        raise MalformedError("The gzip is cut off, or something follows it.")
    return inflated


def read_batch(batch):
    """Read the reports of a batch: base64 of zlib of a JSON list.

    :raise MalformedError: where it is none, or larger than allowed
    """
    if not isinstance(batch, str):
        raise MalformedError("A batch is a string.")
    wrong = "A batch is base64 of zlib of a JSON list of reports."
    try:
        inflated = _inflate(base64.b64decode(batch, validate=True))
    except (ValueError, zlib.error) as error:
        if isinstance(error, MalformedError):
            raise
        raise MalformedError(wrong) from error
    if _parts(inflated) > MAX_PARTS:
        raise TooLargeError("The batch has too many parts.")
    reports = _read_json(inflated, wrong)
    if not isinstance(reports, list):
        raise MalformedError("A batch is a list of reports.")
    if len(reports) > MAX_REPORTS:
        raise MalformedError(f"A batch has {MAX_REPORTS} reports at most.")
    return reports


def read_message(said, schema):
    """Check a message of a collector: a struct of the schema that is spoken here.

    :raise MalformedError: where it is none
    """
    if not isinstance(said, dict):
        raise MalformedError("A message is a struct.")
    if said.get("schema") != schema:
        raise MalformedError(f"The server speaks schema {schema}. Update one of us.")
    return said


def read_list(said, name):
    """A bounded list of a message; empty where it is none."""
    value = said.get(name)
    return value[:MAX_ITEMS] if isinstance(value, list) else []


def read_count(value):
    """A number of things, as a column holds it; 0 where it is none."""
    if isinstance(value, bool) or not isinstance(value, int):
        return 0
    return min(max(value, 0), MAX_COUNT)


def read_moment(value):
    """A moment as Odoo stores it, naive UTC; None where it is none."""
    try:
        moment = datetime.fromisoformat(value.replace("Z", "+00:00"))
        return moment.astimezone(timezone.utc).replace(tzinfo=None, microsecond=0)
    except (AttributeError, OverflowError, TypeError, ValueError):
        return None


def _inflate(data):
    """Inflate within the limit: a bomb costs no more than a large batch."""
    inflater = zlib.decompressobj()
    inflated = inflater.decompress(data, MAX_INFLATED)
    if inflater.unconsumed_tail:
        raise MalformedError(
            f"A batch has {MAX_INFLATED} bytes at most when it is inflated."
        )
    if not inflater.eof or inflater.unused_data:
        raise MalformedError("The batch is cut off, or something follows it.")
    return inflated


def _parts(text):
    """How many parts JSON has, at most, without parsing it."""
    return text.count(b"[") + text.count(b"{") + text.count(b",")


def _read_json(text, wrong):
    """Read UTF-8 JSON; MalformedError with the sentence `wrong` where it is none."""
    try:
        return json.loads(
            text.decode(),
            parse_int=_integer,
            parse_float=_decimal,
            parse_constant=lambda _name: None,
        )
    except RecursionError as error:
        raise MalformedError("It is nested too deeply.") from error
    except ValueError as error:
        raise MalformedError(wrong) from error


def _integer(digits):
    """An absurd number is no reason to refuse a batch: it loses itself."""
    return int(digits) if len(digits) <= MAX_DIGITS else None


def _decimal(digits):
    value = float(digits)
    return value if math.isfinite(value) else None


def is_too_deep(value, levels=MAX_REPORT_DEPTH):
    """Whether JSON is nested deeper than a report ever is."""
    if isinstance(value, dict):
        value = value.values()
    elif not isinstance(value, list):
        return False
    if not levels:
        return True
    for item in value:
        # Most of a report is text and numbers: not worth a call.
        if isinstance(item, (dict, list)) and is_too_deep(item, levels - 1):
            return True
    return False


def write_answer(answer):
    """An XML-RPC response. None and what XML cannot say are left out.

    :param answer: a result, or xmlrpc.client.Fault
    :return: bytes
    """
    if isinstance(answer, xmlrpc_client.Fault):
        answer.faultString = _NOT_IN_XML.sub("", answer.faultString)
    else:
        answer = (_speakable(answer),)
    text = xmlrpc_client.dumps(answer, methodresponse=True, encoding="utf-8")
    return text.encode()


def _speakable(value):
    if isinstance(value, str):
        return _NOT_IN_XML.sub("", value)
    if isinstance(value, dict):
        return {key: _speakable(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_speakable(item) for item in value]
    return value
