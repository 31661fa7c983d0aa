"""Answers 103 Early Hints without end before any real answer.

Known from: HTTP clients that wait through any number of interim answers.
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
            while True:
                writer.write(b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" * 100)
                await writer.drain()
    except (OSError, asyncio.IncompleteReadError):
        pass
    finally:
        writer.close()


async def serve():
    server = await asyncio.start_server(talk, "0.0.0.0", 8000)
    await server.serve_forever()


asyncio.run(serve())
