"""Serves org.steward1.plugin.odd: hangs, dies, answers nonsense or complains, as it is told to."""

import asyncio
import os

from dbus_fast import DBusError, PropertyAccess, Variant
from dbus_fast.aio import MessageBus
from dbus_fast.service import ServiceInterface, dbus_method, dbus_property


class Odd(ServiceInterface):
    def __init__(self):
        super().__init__("org.steward1.Plugin")

    @dbus_method()
    async def Invoke(self, action: "s", arguments: "a{sv}", context: "a{sv}") -> "a{sv}":
        if action == "hang":
            await asyncio.sleep(3600)
        if action == "die":
            os._exit(1)
        if action == "babble":
            return {"state": Variant("u", 7), "mood": Variant("s", "purple")}
        if action == "complain":
            raise DBusError("org.example.Grumpy", "It is too early.")
        return {"state": Variant("s", "accepted")}

    @dbus_method()
    def Cancel(self, turn: "t"):
        pass

    @dbus_property(access=PropertyAccess.READ)
    def Version(self) -> "s":
        return "1.0.0"


async def main():
    bus = await MessageBus().connect()
    bus.export("/org/steward1/plugin", Odd())
    await bus.request_name("org.steward1.plugin.odd")
    await bus.wait_for_disconnect()


asyncio.run(main())
