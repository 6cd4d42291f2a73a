"""Serves org.steward1.plugin.espresso. It has 40 grams of beans; a small espresso takes 8, a large one 16."""

import asyncio

from dbus_fast import DBusError, PropertyAccess, Variant
from dbus_fast.aio import MessageBus
from dbus_fast.service import ServiceInterface, dbus_method, dbus_property

GRAMS = {"small": 8.0, "large": 16.0}


class Espresso(ServiceInterface):
    def __init__(self):
        super().__init__("org.steward1.Plugin")
        self.beans = 40.0

    @dbus_method()
    def Invoke(self, action: "s", arguments: "a{sv}", context: "a{sv}") -> "a{sv}":
        if action == "brew":
            return self.brew(arguments["size"].value, context["language"].value)
        if action == "query-beans":
            return {"state": Variant("s", "accepted"), "values": Variant("a{sv}", {"value": Variant("d", self.beans)})}
        raise DBusError("org.steward1.Error.BadRequest", f"there is no action {action}")

    @dbus_method()
    def Cancel(self, turn: "t"):
        pass

    @dbus_property(access=PropertyAccess.READ)
    def Version(self) -> "s":
        return "1.0.0"

    def brew(self, size, language):
        if GRAMS[size] > self.beans:
            reason = "咖啡豆不够了。" if language == "zh" else "There are not enough beans left."
            return {"state": Variant("s", "refused"), "reason": Variant("s", reason)}
        self.beans -= GRAMS[size]
        return {"state": Variant("s", "accepted")}


async def main():
    bus = await MessageBus().connect()
    bus.export("/org/steward1/plugin", Espresso())
    await bus.request_name("org.steward1.plugin.espresso")
    await bus.wait_for_disconnect()


asyncio.run(main())
