# SPDX-License-Identifier: LGPL-2.1-or-later
"""The part of the generator that is about the daemon's side of a call: handlers, dispatch rows, events."""
import re

from tables import GPL, QEMU, REMOTE, fail, proc_id, program_id, type_id

# The C structs of those kinds of object that are not named as on the wire.
STRUCTS = {"storage_pool": "pool", "storage_vol": "volume"}

# What api/object.c and api/events.c have for all kinds: function, and what it gets between the call and err.
GENERIC = {
    "object.lookup_by_name": "&{class}, a->name, &r->{ret}",
    "object.lookup_by_uuid": "&{class}, a->uuid, &r->{ret}",
    "object.num_active": "&{class}, true, &r->{ret}",
    "object.num_inactive": "&{class}, false, &r->{ret}",
    "object.list_active": "&{class}, true, a->maxnames, &r->{ret}",
    "object.list_inactive": "&{class}, false, a->maxnames, &r->{ret}",
    "object.list_all": "&{class}, a->need_results, a->flags, &list",
    "object.set_autostart": "object, a->autostart",
    "events.register": "{events}, a->eventID, a->{ref}, &r->{ret}",
    "events.deregister": "{events}, a->callbackID",
}

# Members of every object that a call returns as they are; persistent: it has a stored definition.
MEMBERS = {"object.is_active": "active", "object.is_persistent": "def != NULL", "object.is_updated": "updated",
           "object.get_autostart": "autostart"}

RUN = "static int run_%s(struct call *call, void *object, const void *args, void *ret,\n" \
      "        struct error *err)\n{\n"


def class_name(kind):
    return "api_%s_class" % kind


def calls(w):
    return [r for r in w.rows if r["kind"] != "event"]


def handlers_header(w):
    o = [GPL, """// The handlers, each in any file of api/; a procedure is provided exactly when its handler is there.
//
// A handler is called when the client may call it, with no flags but those of procedures.tsv, and, where
// the procedure is about an object, with that object in the state that procedures.tsv says: a reference is
// held until the handler returns. It runs in a task of its own (call->task) and may suspend. What args has
// is there as long; *ret is zeroed, and what it points to comes from call->arena or outlives the call. 0, or -1
// with err set. Arguments of which nothing is left to be read are not passed.
#pragma once

#include "base/error.h"
#include "rpc/call.h"
#include "schemas/wire/enums.h"
#include "schemas/wire/types.h"

// Weak only where the table of all of them is made (api/programs.c): two definitions of one are an error.
#ifndef API_HANDLER
#define API_HANDLER
#endif
"""]
    kinds = sorted({r["object"] for r in calls(w) if r["ref"]})
    o += ["struct %s;" % STRUCTS.get(k, k) for k in kinds] + [""]
    for r in calls(w):
        if direct(r):
            o.append("API_HANDLER int %s(struct task *, struct %s *, struct error *);" % (
                direct(r), STRUCTS.get(r["object"], r["object"])))
        if r["through"] != "-":
            continue
        params = ["struct call *call"]
        if r["ref"]:
            params.append("struct %s *%s" % (STRUCTS.get(r["object"], r["object"]), r["object"]))
        if r["wants_args"]:
            params.append("const struct wire_%s *args" % r["args_type"])
        if r["returns_type"]:
            params.append("struct wire_%s *ret" % r["returns_type"])
        o.append("API_HANDLER int api_%s(%s,\n        struct error *err);" % (r["name"], ", ".join(params)))
    return "\n".join(o) + "\n"


def handler_call(r, args, ret):
    """The C call of a row's own handler."""
    params = ["call"] + ["object"] * bool(r["ref"]) + [args] * r["wants_args"] + [ret] * bool(r["returns_type"])
    return "api_%s(%s, err)" % (r["name"], ", ".join(params))


def typed(r, cell, name, const):
    return "    %sstruct wire_%s *%s = %s;\n" % (const, r[cell + "_type"], name[0], name)


def run_generic(w, r):
    what = r["through"]
    if what in MEMBERS:
        field = w.structs[r["returns_type"]].fields[0].name
        return "    const struct object *o = object;\n" + typed(r, "returns", "ret", "") + \
            "    r->%s = o->%s;\n    return 0;\n" % (field, MEMBERS[what])
    if what not in GENERIC:
        fail("%s: unknown %s" % (r["name"], what))
    text, body = GENERIC[what], ""
    rets = w.structs[r["returns_type"]].fields if r["returns_type"] else []
    args = w.structs[r["args_type"]].fields if r["args_type"] else []
    names = {"class": class_name(r["object"]), "ret": rets[0].name if rets else "",
             "events": "API_EVENTS_" + r["object"].upper(),
             "ref": next((f.name for f in args if f.elem == r["object"] + "_ref"), "")}
    if "a->" in text:
        body += typed(r, "args", "args", "const ")
    if rets:
        body += typed(r, "returns", "ret", "")
    function = re.sub("_(in)?active$", "", what.replace(".", "_"))
    call = "api_%s(call, %s, err)" % (function, text.format(**names))
    if what != "object.list_all":
        return body + "    return %s;\n" % call
    return body + "    struct api_object_list list = {0};\n    if (%s < 0)\n        return -1;\n" \
        "    r->%s.v = list.refs;\n    r->%s.n = list.n;\n    r->%s = list.total;\n    return 0;\n" % (
            call, rets[0].name, rets[0].name, rets[1].name)


def run_as(w, r):
    """By another call: the fields that both have, and those that the row gives."""
    target, *given = r["through"].split()
    to = w.by_name.get(target)
    if not to or to["through"] != "-" or to["ref"] != r["ref"] or to["object"] != r["object"]:
        fail("%s cannot go through %s" % (r["name"], target))
    given = dict(g.split("=") for g in given)
    body, args = "", "NULL"
    if to["wants_args"]:
        own = {f.name for f in w.structs[r["args_type"]].fields} if r["args_type"] else set()
        fields = {f.name: "a->" + f.name for f in w.structs[to["args_type"]].fields if f.name in own}
        fields.update({k: "%u" % w.value(v) for k, v in given.items()})
        if any(v.startswith("a->") for v in fields.values()):
            body += typed(r, "args", "args", "const ")
        body += "    struct wire_%s as = {%s};\n" % (
            to["args_type"], ", ".join(".%s = %s" % f for f in fields.items()))
        args = "&as"
    if not to["returns_type"]:
        return body + "    return %s;\n" % handler_call(to, args, "NULL")
    body += "    struct wire_%s got = {0};\n" % to["returns_type"]
    body += "    if (%s < 0)\n        return -1;\n" % handler_call(to, args, "&got")
    own = {f.name for f in w.structs[r["returns_type"]].fields} if r["returns_type"] else set()
    both = [f.name for f in w.structs[to["returns_type"]].fields if f.name in own]
    if both:
        body += typed(r, "returns", "ret", "")
    return body + "".join("    r->%s = got.%s;\n" % (f, f) for f in both) + "    return 0;\n"


def run_reply(w, r):
    body, given = "", [g.split("=") for g in r["through"].split()[1:]]
    if given:
        body += typed(r, "returns", "ret", "")
    for field, value in given:
        if field not in [f.name for f in w.structs[r["returns_type"]].fields]:
            fail("%s returns no %s" % (r["name"], field))
        body += "    r->%s = %s;\n" % (field, value if value[0] in '"0123456789' else w.value(value))
    return body + "    return 0;\n"


def direct(r):
    """The function of a module that a call is just one call of."""
    return r["through"][:-2] if r["through"].endswith("()") else None


def provider(w, r):
    """(what the linker knows when the call is provided, the body of the function that runs it)"""
    through = r["through"]
    if direct(r):
        return direct(r), "    return %s(call->task, object, err);\n" % direct(r)
    if through.split()[0] == "reply":
        return "run_" + r["name"], run_reply(w, r)
    if through == "-":
        return "api_" + r["name"], "    return %s;\n" % handler_call(r, "args", "ret")
    if through.startswith("object."):
        return "&" + class_name(r["object"]), run_generic(w, r)
    if through.startswith("events."):
        return "api_" + through.replace(".", "_"), run_generic(w, r)
    return "api_" + through.split()[0], run_as(w, r)


def label(r):
    m = re.match(r"(vir\w+)", r["api"])
    return m.group(1) if m else r["name"]


RIGHTS = {"before-auth": "RPC_BEFORE_AUTH | RPC_BEFORE_OPEN | RPC_READ_ONLY", "before-open": "RPC_BEFORE_OPEN | RPC_READ_ONLY",
          "read": "RPC_READ_ONLY", "write": ""}


def dispatch_row(w, r):
    kind, flags, needs = r["kind"], [RIGHTS[r["rights"]]], ["RPC_" + n.upper() for n in r["needs"]]
    if "fds" in kind:
        flags += ["RPC_FDS_IN"] * ("in" in kind[8:]) + ["RPC_FDS_OUT"] * ("out" in kind)
        kind = "call"
    if r["has_flags"] and r["mask"] is not None:
        flags.append("RPC_HAS_FLAGS")
    cells = [".name = \"%s\"" % r["name"], ".label = \"%s\"" % label(r),
             ".kind = RPC_" + kind.upper().replace("-", "_"), ".flags = %s" % (" | ".join(filter(None, flags)) or "0"),
             ".args = " + type_id(r["args_type"]), ".ret = " + type_id(r["returns_type"]),
             ".run = run_" + r["name"], ".provided = (const void *)" + provider(w, r)[0]]
    if w.feature(r):
        cells.append(".feature = \"%s\"" % w.feature(r))
    if r["has_flags"]:
        cells += [".flags_offset = offsetof(struct wire_%s, flags)" % r["args_type"],
                  ".known_flags = 0x%xu" % (r["mask"] or 0), ".denied_flags = 0x%xu" % r["denied"]]
    if r["ref"]:
        cells += [".object = &%s.rpc" % class_name(r["object"]),
                  ".object_offset = offsetof(struct wire_%s, %s)" % (r["args_type"], r["ref"]),
                  ".needs = " + (" | ".join(needs) or "0")]
    return "    {%s}," % ",\n     ".join(cells)


def programs_rows(w):
    kinds = sorted({r["object"] for r in calls(w) if r["ref"] or r["through"].startswith("object.")})
    o = [GPL] + ["extern API_HANDLER const struct api_class %s;" % class_name(k) for k in kinds] + [""]
    for r in calls(w):
        o.append(RUN % r["name"] + provider(w, r)[1] + "}\n")
    for program, name in ((REMOTE, "remote"), (QEMU, "qemu")):
        o.append("static const struct rpc_procedure %s_procedures[] = {" % name)
        for r in w.program(program):
            if r["kind"] == "event":
                o.append('    {.name = "%s", .label = "%s", .kind = RPC_EVENT},' % (r["name"], r["name"]))
            else:
                o.append(dispatch_row(w, r))
        o.append("};\n")
    return "\n".join(o)


# Where an event's object is in its payload.
EVENT_FIELDS = {"domain": "dom", "network": "net", "storage_pool": "pool", "node_device": "dev", "secret": "secret",
                "qemu_monitor": "dom"}


def event_rows(w):
    """Callback forms with the legacy forms beside them; the close event is its own."""
    events = [r for r in w.rows if r["kind"] == "event" and r["object"] != "-"]
    legacy = {r["flags"]: r for r in events if r["through"] == "legacy"}
    rows = []
    for r in events:
        if r["through"] == "legacy":
            continue
        fields = w.structs[r["name"] + "_msg"].fields
        if fields[0].name != "callbackID":
            fail("event %s does not begin with a callbackID" % r["name"])
        event_id = -1 if r["flags"] == "-" else w.value(r["flags"])
        old, skip, field = legacy.get(r["flags"]) if event_id >= 0 else None, 0, EVENT_FIELDS[r["object"]]
        if old:
            skip = 4 * (len(fields) - 1)  # callbackID, and reason in three of them
            field = "msg.dom"
        rows.append((r["object"], event_id, r, old, skip, field))
    return rows


def event_table(w):
    rows = event_rows(w)
    h = [GPL, """// A sender for each event: encodes it once and sends it to every client that asked for it.
// callbackID of the payload is ignored: each client gets its own.
#pragma once

#include "api/events.h"
#include "schemas/wire/enums.h"
#include "schemas/wire/types.h"

enum api_event_row {"""]
    h += ["    API_EVENT_%s," % r["name"].upper() for _, _, r, _, _, _ in rows]
    h.append("    API_EVENT_COUNT\n};\n")
    c = [GPL, "static const struct api_event event_table[API_EVENT_COUNT] = {"]
    for cls, event_id, r, old, skip, field in rows:
        h.append("static inline void api_send_%s(struct daemon *d, const struct wire_%s_msg *msg)\n{\n"
                 "    api_event_send(d, API_EVENT_%s, msg);\n}\n" % (r["name"], r["name"], r["name"].upper()))
        c.append("    [API_EVENT_%s] = {API_EVENTS_%s, %d, %s, %s, %s, %d, %s,\n     offsetof(struct wire_%s_msg, %s)}," % (
            r["name"].upper(), cls.upper(), event_id, program_id(r), proc_id(r),
            proc_id(old) if old else "0", skip, type_id(r["name"] + "_msg"), r["name"], field))
    c.append("};\n")
    ids = {}
    for cls, event_id, *_ in rows:
        ids[cls] = max(ids.get(cls, 0), event_id + 1)
    h.append("// One above the largest event id.\nenum {")
    h += ["    API_EVENT_IDS_%s = %d," % (cls.upper(), n) for cls, n in ids.items() if n]
    h.append("};\n")
    return "\n".join(h), "\n".join(c)
