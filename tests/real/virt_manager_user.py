#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Debian's virt-manager itself, used through its windows. test_virt_manager.py runs this.

A generator on its main loop reads the widgets and presses the buttons; each step may take WAIT
seconds. Whatever virt-manager would show as an error ends it.
"""
import os
import sys
import time
import traceback

sys.path.insert(0, "/usr/share/virt-manager")
URI = sys.argv[1]
sys.argv = ["virt-manager", "--no-fork", "--debug", "--connect", URI]
WAIT = 30

import gi
gi.require_version("Gdk", "3.0")
gi.require_version("Gtk", "3.0")
from gi.repository import GLib


def until(what, condition):
    end = time.monotonic() + WAIT
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"waited {WAIT} s for {what}")
        yield


def done(what):
    print("did:", what, flush=True)


def rows(window, widget, column):
    return [row[column] for row in window.widget(widget).get_model()]


def networks(host):
    nets = host._hostnets
    host.widget("details-tabs").set_current_page(1)
    yield from until("its network", lambda: rows(nets, "net-list", 1) == ["default"])
    state = nets.widget("net-state").get_text
    nets.widget("net-start").clicked()
    yield from until("the network to start", lambda: state() == "Active")
    assert nets.widget("net-device").get_text() == "virbr0", nets.widget("net-device").get_text()
    nets.widget("net-add").clicked()
    yield from until("the window", lambda: nets._addnet and nets._addnet.is_visible())
    nets._addnet.widget("net-name").set_text("lab")
    nets._addnet.widget("create-finish").clicked()
    yield from until("the new network", lambda: rows(nets, "net-list", 1) == ["default", "lab"])
    done("networks")


def storage(host):
    pools = host._storagelist
    host.widget("details-tabs").set_current_page(2)
    # virt-manager makes a pool 'default' by itself.
    yield from until("the pools", lambda: sorted(pool.get_name() for pool in rows(pools, "pool-list", 0)) == ["default", "p"])
    names = [pool.get_name() for pool in rows(pools, "pool-list", 0)]
    pools.widget("pool-list").get_selection().select_path(names.index("p"))
    yield from until("the pool's page", lambda: pools._current_pool().get_name() == "p")
    pools.widget("vol-add").clicked()
    yield from until("the window", lambda: pools._addvol and pools._addvol.is_visible())
    pools._addvol.widget("vol-name").set_text("data")
    pools._addvol.widget("vol-capacity").set_value(0.1)
    pools._addvol.widget("vol-create").clicked()
    yield from until("the volume", lambda: "data.qcow2" in rows(pools, "vol-list", 1))
    done("storage")


def wizard(conn):
    from virtManager.createvm import vmmCreateVM
    from virtManager.vmwindow import vmmVMWindow
    from virtinst import OSDB
    vmmCreateVM.show_instance(None, conn.get_uri())
    w = vmmCreateVM._instance
    page = w.widget("create-pages").get_current_page
    yield from until("the wizard", w.is_visible)
    w.widget("method-manual").set_active(True)
    for _ in range(4):
        before = page()
        if before == 1:
            w._os_list.select_os(OSDB.lookup_os("generic"))
        if before == 2:
            w.widget("mem").set_value(64)
        w.widget("create-forward").clicked()
        yield from until("the next page", lambda: page() != before)
    w.widget("create-vm-name").set_text("new")
    w.widget("create-finish").clicked()
    yield from until("the new guest", lambda: "new" in [vm.get_name() for vm in conn.list_vms()])
    vm = next(vm for vm in conn.list_vms() if vm.get_name() == "new")
    yield from until("it to run", vm.is_active)
    windows = vmmVMWindow._instances
    yield from until("its window", lambda: any(w.vm == vm and w.is_visible() for w in windows.values()))
    done("wizard")
    yield from delete(vm)


def delete(vm):
    from virtManager.delete import vmmDeleteDialog
    from virtManager.manager import vmmManager
    vmmDeleteDialog.show_instance(vmmManager.get_instance(None), vm)
    dialog = vmmDeleteDialog._instance
    yield from until("the window", dialog.is_visible)
    dialog.widget("delete-ok").clicked()
    yield from until("it to go", lambda: vm not in vm.conn.list_vms())
    done("delete")


def guest(vm):
    from virtManager.vmwindow import vmmVMWindow
    w = vmmVMWindow.get_instance(None, vm)
    w.show()
    w.widget("control-run").emit("clicked")
    yield from until("it to run", vm.is_active)
    viewer = w._console
    yield from until("its screen", lambda: viewer._viewer and viewer._viewer._display.get_property("visible"))
    w.widget("control-vm-details").set_active(True)
    yield from until("its devices", lambda: any("NIC" in (name or "") for name in rows(w._details, "hw-list", 0)))
    # The button shows what is, and that is asked for from another thread.
    pause = w.widget("control-pause")
    yield from until("its pause button", pause.get_sensitive)
    pause.set_active(True)
    yield from until("it to pause", lambda: vm.is_paused() and pause.get_active())
    pause.set_active(False)
    yield from until("it to go on", lambda: not vm.is_paused())
    vm.destroy()
    yield from until("its end", vm.is_shutoff)
    done("guest")


def user():
    from virtManager.connmanager import vmmConnectionManager
    from virtManager.engine import vmmEngine
    from virtManager.error import vmmErrorDialog
    from virtManager.host import vmmHost

    def failed(_self, summary, details=None, *_args, **_more):
        raise_in_loop(f"virt-manager says: {summary}\n{details}")

    vmmErrorDialog.show_err = vmmErrorDialog.val_err = failed
    vmmErrorDialog.yes_no = vmmErrorDialog.chkbox_helper = lambda *_args, **_more: True
    conns = vmmConnectionManager.get_instance().conns
    yield from until("the connection", lambda: URI in conns and conns[URI].is_active())
    conn = conns[URI]
    yield from until("its guest", lambda: [vm.get_name() for vm in conn.list_vms()] == ["a"])
    done("connect")
    vmmHost.show_instance(None, conn)
    host = vmmHost._instances[URI]
    yield from networks(host)
    yield from storage(host)
    yield from guest(conn.list_vms()[0])
    yield from wizard(conn)
    vmmEngine.get_instance().exit_app()


def raise_in_loop(text):
    print(text, flush=True)
    os._exit(1)


def step(steps=user()):
    try:
        next(steps)
        return True
    except StopIteration:
        return False
    except Exception:
        raise_in_loop(traceback.format_exc())


GLib.timeout_add(20, step)
from virtManager import virtmanager
virtmanager.runcli()
