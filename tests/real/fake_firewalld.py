#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""fake_firewalld.py ZONE...: the part of firewalld's D-Bus interface (firewalld.dbus(5)) that a bridge's zone needs.

It keeps zones only for as long as it runs, writes down each change on its standard output, and sends Reloaded on SIGHUP.
"""
import signal
import sys

from gi.repository import Gio, GLib

NAME, PATH = "org.fedoraproject.FirewallD1", "/org/fedoraproject/FirewallD1"
INTERFACE = """<node><interface name="org.fedoraproject.FirewallD1.zone">
<method name="getZones"><arg type="as" direction="out"/></method>
<method name="getZoneOfInterface"><arg type="s" direction="in"/><arg type="s" direction="out"/></method>
<method name="changeZoneOfInterface"><arg type="s" direction="in"/><arg type="s" direction="in"/><arg type="s" direction="out"/></method>
<method name="removeInterface"><arg type="s" direction="in"/><arg type="s" direction="in"/><arg type="s" direction="out"/></method>
</interface></node>"""


class Firewalld:
    def __init__(self, zones):
        self.zones, self.zone_of = zones, {}
        self.bus = Gio.bus_get_sync(Gio.BusType.SYSTEM)
        self.bus.register_object(PATH, Gio.DBusNodeInfo.new_for_xml(INTERFACE).interfaces[0], self.on_call)
        Gio.bus_own_name_on_connection(self.bus, NAME, Gio.BusNameOwnerFlags.NONE, lambda *_: print("ready", flush=True), None)
        GLib.unix_signal_add(GLib.PRIORITY_DEFAULT, signal.SIGHUP, self.reload)

    def reload(self):
        self.zone_of.clear()
        self.bus.emit_signal(None, PATH, NAME, "Reloaded", None)
        return True

    def on_call(self, _bus, _sender, _path, _interface, method, args, call):
        args = args.unpack()
        if method == "getZones":
            call.return_value(GLib.Variant("(as)", (self.zones,)))
        elif method == "getZoneOfInterface":
            call.return_value(GLib.Variant("(s)", (self.zone_of.get(args[0], ""),)))
        elif args[0] not in self.zones:
            call.return_dbus_error(f"{NAME}.Exception", f"INVALID_ZONE: {args[0]}")
        else:
            zone, interface = args
            print(method, zone, interface, flush=True)
            if method == "changeZoneOfInterface":
                self.zone_of[interface] = zone
            else:
                self.zone_of.pop(interface, None)
            call.return_value(GLib.Variant("(s)", (zone,)))


keep = Firewalld(sys.argv[1:])
GLib.MainLoop().run()
