"""The demo's front door: one address for pages, live messages and remote panels.

Odoo with several workers answers websockets on a port of its own, and leaves it to a
reverse proxy to bring both together; without one, the web client tells everybody that
its connection is lost. What waits there, too, are printers' pages: all that comes to a
host of panels, and what collectors ask for them. This does no more than that: it looks
at the head of a connection's first request and hands it to one port or the other.

    python front.py LISTEN WEB LIVE
"""

import asyncio
import re
import sys
from functools import partial

HOST = "127.0.0.1"
LIVE = re.compile(
    rb"GET /websocket[? ]|POST /focalist/agent/1/(json/)?panel |[^\n]*\n"
    rb"(?s:.*\n)?(?i:host):[ \t]*[a-z0-9-]+\.panel\.localhost[:\r\n]"
)


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Pass on what comes until there is no more."""
    try:
        while data := await reader.read(1 << 16):
            writer.write(data)
            await writer.drain()
    except ConnectionError:
        pass
    finally:
        writer.close()


async def _connect(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, web: int, live: int
) -> None:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
        port = live if LIVE.match(head) else web
        answers, requests = await asyncio.open_connection(HOST, port)
    except (OSError, EOFError, asyncio.LimitOverrunError):  # nobody, or no end of it
        writer.close()
        return
    requests.write(head)
    await asyncio.gather(_copy(reader, requests), _copy(answers, writer))


async def serve(listen: int, web: int, live: int) -> None:
    connect = partial(_connect, web=web, live=live)
    async with await asyncio.start_server(connect, HOST, listen) as server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(*map(int, sys.argv[1:])))
