"""
The line of the demo counter: carries bytes to the desk API, and is cut by ending it.

`python -m config.demo.line LISTEN_PORT TARGET_PORT`. A counter whose line is killed gets no
connection, as with a cable pulled out; connections under way break in the middle.
"""

import asyncio
import sys
from contextlib import suppress

HOST = "127.0.0.1"
BLOCK = 65_536


async def serve(*, listen_port: int, target_port: int) -> None:
    """Carry every connection, both ways, until ended."""

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            target_reader, target_writer = await asyncio.open_connection(HOST, target_port)
        except OSError:
            writer.close()
            return
        await asyncio.gather(_pump(reader, target_writer), _pump(target_reader, writer))
        for end in (writer, target_writer):
            end.close()

    server = await asyncio.start_server(carry, HOST, listen_port)
    print(f"The line is up: {listen_port} to {target_port}", flush=True)
    async with server:
        await server.serve_forever()


async def _pump(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    """One way, to its end; the end is passed on."""
    with suppress(OSError):
        while block := await source.read(BLOCK):
            target.write(block)
            await target.drain()
        if target.can_write_eof():
            target.write_eof()


if __name__ == "__main__":
    listen, to = (int(text) for text in sys.argv[1:3])
    asyncio.run(serve(listen_port=listen, target_port=to))
