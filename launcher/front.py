"""The demo's front door: one address for pages and live messages.

Odoo with several workers answers websockets on a port of its own, and leaves it to a
reverse proxy to bring both together; without one, the web client tells everybody that
its connection is lost. This does no more than that: it looks at the first line of a
connection and hands it to one port or the other.

    python front.py LISTEN WEB LIVE
"""

import asyncio
import re
import sys
from functools import partial

HOST = "127.0.0.1"
WEBSOCKET = re.compile(rb"GET /websocket[? ]")


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
        first = await reader.readline()
        port = live if WEBSOCKET.match(first) else web
        answers, requests = await asyncio.open_connection(HOST, port)
    except (OSError, ValueError):  # nobody there, or a line without an end
        writer.close()
        return
    requests.write(first)
    await asyncio.gather(_copy(reader, requests), _copy(answers, writer))


async def serve(listen: int, web: int, live: int) -> None:
    connect = partial(_connect, web=web, live=live)
    async with await asyncio.start_server(connect, HOST, listen) as server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(*map(int, sys.argv[1:])))
