"""A program that uses the assistant from outside: asks, holds a session, listens to its signals. Prints one JSON object per step.

Run with the session bus of `make serve` in DBUS_SESSION_BUS_ADDRESS:  .steward/venv/bin/python tests/client/client.py
"""

import asyncio
import json

from dbus_fast import Message, MessageType, Variant, unpack_variants
from dbus_fast.aio import MessageBus

SERVICE, OBJECT = "org.steward1", "/org/steward1"


async def call(bus, path, interface, member, signature="", body=()):
    message = Message(SERVICE, path, f"org.steward1.{interface}", member, signature=signature, body=list(body))
    reply = await bus.call(message)
    if reply.message_type == MessageType.ERROR:
        raise SystemExit(f"{member}: {reply.error_name}: {reply.body}")
    return unpack_variants(reply.body)


def show(step, **what):
    print(json.dumps({"step": step, **what}, ensure_ascii=False))


async def ask(bus, text, **options):
    options = {name: Variant("s", value) for name, value in options.items()}
    (reply,) = await call(bus, OBJECT, "Assistant", "Ask", "sa{sv}", [text, options])
    show("ask", said=text, kind=reply["kind"], text=reply["text"], language=reply["language"], actions=reply["actions"])


async def converse(bus, text):
    (session,) = await call(bus, OBJECT, "Assistant", "OpenSession", "a{sv}", [{}])
    signals, finished = [], asyncio.Event()

    def listen(message):
        if message.message_type == MessageType.SIGNAL and message.path == session:
            signals.append([message.member, *unpack_variants(message.body)])
            if message.member == "Finished":
                finished.set()

    bus.add_message_handler(listen)
    (turn,) = await call(bus, session, "Session", "Ask", "sa{sv}", [text, {}])
    await asyncio.wait_for(finished.wait(), 10)
    reply = signals[-1][2]
    show("session", said=text, turn=turn, stages=[s[2] for s in signals if s[0] == "Progress"], kind=reply["kind"], text=reply["text"])
    await call(bus, session, "Session", "Close")
    bus.remove_message_handler(listen)


async def main():
    bus = await MessageBus().connect()
    await ask(bus, "make me a large espresso")
    await ask(bus, "来一杯浓缩咖啡", language="zh")
    await converse(bus, "how many coffee beans are left")
    await ask(bus, "make me a large espresso")
    bus.disconnect()


asyncio.run(main())
