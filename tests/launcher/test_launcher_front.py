"""The demo's front door hands each connection to the right server."""

import asyncio

import pytest

from launcher import front


async def answering(name: bytes) -> tuple[asyncio.Server, int]:
    async def answer(reader, writer):
        request = await reader.readuntil(b"\r\n\r\n")
        writer.write(name + b" got " + request)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, front.HOST, 0)
    return server, server.sockets[0].getsockname()[1]


async def ask(request: bytes) -> bytes:
    web, web_port = await answering(b"web")
    live, live_port = await answering(b"live")

    async def connect(reader, writer):
        await front._connect(reader, writer, web_port, live_port)

    async with web, live, await asyncio.start_server(connect, front.HOST, 0) as door:
        port = door.sockets[0].getsockname()[1]
        reader, writer = await asyncio.open_connection(front.HOST, port)
        writer.write(request)
        answer = await asyncio.wait_for(reader.read(), 5)
        writer.close()
    return answer


@pytest.mark.parametrize(
    ("line", "server"),
    [
        (b"GET / HTTP/1.1\r\nHost: x2y.panel.localhost:8069", b"live"),
        (b"GET / HTTP/1.1\r\nAccept: */*\r\nhost:x2y.panel.localhost", b"live"),
        (b"GET / HTTP/1.1\r\nHost: panel.localhost.evil", b"web"),
        (b"GET / HTTP/1.1\r\nX: x.panel.localhost", b"web"),
        (b"POST /focalist/agent/1/panel HTTP/1.1", b"live"),
        (b"POST /focalist/agent/1/json/panel HTTP/1.1", b"live"),
        (b"GET /web/login HTTP/1.1", b"web"),
        (b"POST /focalist/agent/1/rpc HTTP/1.1", b"web"),
        (b"GET /websocket?version=19.0-2 HTTP/1.1", b"live"),
        (b"POST /websocket/peek_notifications HTTP/1.1", b"web"),
    ],
)
def test_each_goes_to_its_server(line, server):
    request = line + b"\r\nHost: localhost\r\n\r\n"
    assert asyncio.run(ask(request)) == server + b" got " + request
