"""Announces lengths that are not true, and two at once.

Known from: request smuggling, which lives on lengths that two parsers read differently.
"""
import asyncio
import threading


async def talk(reader, writer):
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            if head.startswith(b"GET /healthz"):
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
                continue
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 500\r\nTransfer-Encoding: chunked\r\n\r\n")
            writer.write(b"FFFFFFFFFFFFFFFF\r\n{}HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n")
            await writer.drain()
    except (OSError, asyncio.IncompleteReadError):
        pass
    finally:
        writer.close()


async def serve():
    server = await asyncio.start_server(talk, "0.0.0.0", 8000)
    await server.serve_forever()


asyncio.run(serve())
