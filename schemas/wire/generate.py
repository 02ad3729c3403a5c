#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Writes the C side of the wire from schemas/wire/*.tsv, at build time.

usage: generate.py TABLE_DIR OUTPUT_DIR

  schemas/wire/types.h    structs, limits, numbers of procedures, libvirt's error codes
  schemas/wire/enums.h    libvirt's flags, states, reasons and event numbers, by libvirt's names
  schemas/wire/table.h/c  what the codec in schemas/wire/xdr.c is driven by: types and their fields
  api/handlers.h          a prototype for the handler of each procedure
  api/programs.inc        the dispatch rows, and what calls each handler with its own types
  api/event_table.h/.inc  one row for each event, and a typed sender for each
  clients/vireo/procedures.h, clients/libvireo_procedures.inc   the stubs of libvireo

A type of the tables becomes `struct wire_<name>`, a call's arguments and results `wire_<call>_args` and
`wire_<call>_ret`, an event's payload `wire_<event>_msg`. Names of the QEMU program get a `qemu_`.
"""
import os
import re
import sys

sys.dont_write_bytecode = True  # not into the source tree
from generate_api import event_table, handlers_header, programs_rows
from tables import GPL, LGPL, PRIMS, QEMU, REMOTE, Wire, fail, proc_id, program_id, type_id


def write(folder, name, text):
    path = os.path.join(folder, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    try:
        with open(path, encoding="utf-8") as f:
            if f.read() == text:
                os.utime(path)
                return
    except FileNotFoundError:
        pass
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)


def types_header(w):
    o = [LGPL, """// Strings end with a NUL; those of optional fields, and optional structs, may be NULL, others not.
// Arrays are {v, n}. What a decoder returns is allocated in the arena it was given.
#pragma once

#include <stdint.h>

enum { WIRE_PROGRAM_REMOTE = 0x20008086, WIRE_PROGRAM_QEMU = 0x20008087, WIRE_PROGRAM_KEEPALIVE = 0x6b656570 };

enum wire_message_type {
    WIRE_CALL = 0,
    WIRE_REPLY = 1,
    WIRE_MESSAGE = 2,
    WIRE_STREAM = 3,
    WIRE_CALL_WITH_FDS = 4,
    WIRE_REPLY_WITH_FDS = 5,
    WIRE_STREAM_HOLE = 6,
};

enum wire_message_status { WIRE_OK = 0, WIRE_ERROR = 1, WIRE_CONTINUE = 2 };

enum wire_auth_type { WIRE_AUTH_NONE = 0, WIRE_AUTH_SASL = 1, WIRE_AUTH_POLKIT = 2 };

enum wire_keepalive { WIRE_KEEPALIVE_PING = 1, WIRE_KEEPALIVE_PONG = 2 };

// The kinds of typed_param_value.
enum wire_value_type {
    WIRE_VALUE_INT = 1,
    WIRE_VALUE_UINT = 2,
    WIRE_VALUE_LLONG = 3,
    WIRE_VALUE_ULLONG = 4,
    WIRE_VALUE_DOUBLE = 5,
    WIRE_VALUE_BOOLEAN = 6,
    WIRE_VALUE_STRING = 7,
};
"""]
    o.append("// Limits.\nenum {")
    for row in w.limits:
        o.append("    WIRE_%s = %s,%s" % (row["name"].upper(), row["value"],
                                        "" if row["notes"] in ("", "remote program, 12.6.0")
                                        else " // " + row["notes"]))
    o.append("};\n\n// libvirt's error codes, the parts they come from, and levels.")
    for kind in ("code", "domain", "level"):
        o.append("enum wire_error_%s {" % kind)
        for row in w.errors:
            name = re.sub(r"^VIR_", "", row["name"])
            if row["kind"] == kind and "LAST" not in name:
                o.append("    WIRE_%s%s = %s," % ("LEVEL_" if kind == "level" else "", name, row["value"]))
        o.append("};\n")
    o.append("""struct wire_typed_param_value {
    int32_t type; // enum wire_value_type
    union {
        int32_t i;
        uint32_t ui;
        int64_t l;
        uint64_t ul;
        double d;
        int32_t b;
        const char *s;
    };
};

struct wire_strings {
    const char **v;
    uint32_t n;
};

struct wire_bytes {
    const uint8_t *v;
    uint32_t n;
};

struct wire_chars {
    const char *v;
    uint32_t n;
};
""")
    declared = {"wire_strings", "wire_bytes", "wire_chars"}
    for name in w.order:
        s = w.structs[name]
        for f in s.fields:
            if f.shape != "ARRAY" or f.array_type() in declared:
                continue
            declared.add(f.array_type())
            c = PRIMS[f.elem][1] if f.elem in PRIMS else "struct wire_" + f.elem
            o.append("struct %s {\n    %s *v;\n    uint32_t n;\n};\n" % (f.array_type(), c))
        o.append("struct wire_%s {" % name)
        for f in s.fields:
            note = ""
            if f.shape == "OPT":
                note = " // may be NULL"
            elif f.limit and f.shape != "FIXED":
                note = " // at most %d" % f.limit
            o.append("    %s;%s" % (f.declare(), note))
        o.append("};\n")
    for program, label in ((REMOTE, "wire_procedure"), (QEMU, "wire_qemu_procedure")):
        o.append("enum %s {" % label)
        o += ["    %s = %d," % (proc_id(r), r["number"]) for r in w.program(program)]
        o.append("    WIRE_%s_PROCEDURES = %d\n};\n" % ("REMOTE" if program == REMOTE else "QEMU",
                                                       len(w.program(program))))
    return "\n".join(o)


def enums_header(w):
    """The names are those of the public API, so that its documentation is found by them; libvirt's
    headers are therefore not to be included beside this one."""
    o, last = [GPL, "#pragma once\n"], None
    for row in w.enums:
        if row["enum"] != last:
            if last:
                o.append("};\n")
            o.append("enum %s {" % row["enum"])
            last = row["enum"]
        value = int(row["value"])
        o.append("    %s = %s," % (row["name"], "%uu" % value if value > 0x7fffffff else value))
    return "\n".join(o + ["};\n"])


def table_header(w):
    o = [LGPL, "#pragma once\n", "enum wire_type_id {", "    WIRE_TYPE_NONE,"]
    o += ["    %s," % type_id(n) for n in w.order]
    o.append("    WIRE_TYPE_COUNT\n};\n")
    return "\n".join(o)


def table_source(w):
    fields, types = [], []
    for name in w.order:
        s = w.structs[name]
        types.append("    [%s] = {\"%s\", %d, %d, sizeof(struct wire_%s), %d}," %
                     (type_id(name), name, len(fields), len(s.fields), name, w.min_wire[name]))
        for f in s.fields:
            if f.elem in PRIMS:
                kind, sub, low = PRIMS[f.elem][0], "WIRE_TYPE_NONE", PRIMS[f.elem][2]
            elif f.elem == "typed_param_value":
                kind, sub, low = "VALUE", "WIRE_TYPE_NONE", 8
            else:
                kind, sub, low = "STRUCT", type_id(f.elem), w.min_wire[f.elem]
            fields.append("    {offsetof(struct wire_%s, %s), WIRE_SHAPE_%s, WIRE_KIND_%s, %s, %d, %d}," %
                          (name, f.name, f.shape, kind, sub, low, f.limit))
    return "\n".join([LGPL, '#include "schemas/wire/xdr.h"', '#include "schemas/wire/types.h"\n',
                      "#include <stddef.h>\n", "const struct wire_field wire_fields[] = {"] + fields +
                     ["};\n", "const struct wire_type wire_type_table[WIRE_TYPE_COUNT] = {"] + types +
                     ["};\n"])


def client_stubs(w):
    h = [LGPL, "#pragma once\n\n#include <vireo/wire_types.h>\n\n#ifdef __cplusplus\nextern \"C\" {\n#endif\n",
         "struct vireo;\nstruct vireo_error;\n"]
    c = [LGPL]
    for r in w.rows:
        if r["kind"] == "event":
            continue
        params, args, ret = ["struct vireo *conn"], "NULL", "NULL"
        if r["args_type"]:
            params.append("const struct wire_%s *args" % r["args_type"])
            args = "args"
        if r["returns_type"]:
            params.append("struct wire_%s *ret" % r["returns_type"])
            ret = "ret"
        params.append("struct vireo_error *err")
        head = "int vireo_%s(%s)" % (r["name"], ",\n        ".join(params))
        h.append(head + ";")
        c.append("VIREO_EXPORT %s\n{\n    return vireo_call_typed(conn, %s, %s, %s, args_or(%s), %s, %s, err);\n}\n" % (
            head, program_id(r), proc_id(r),
            type_id(r["args_type"]), args, type_id(r["returns_type"]), ret))
    h.append("\n#ifdef __cplusplus\n}\n#endif\n")
    c.append("static const struct event_row event_rows[] = {")
    for r in w.rows:
        if r["kind"] == "event":
            c.append("    {%s, %s, %s}," % (program_id(r),
                                           proc_id(r), type_id(r["name"] + "_msg")))
    c.append("};\n")
    return "\n".join(h), "\n".join(c).replace("args_or(NULL)", "NULL").replace("args_or(args)", "args")


def main():
    if len(sys.argv) != 3:
        fail("usage: generate.py TABLE_DIR OUTPUT_DIR")
    w, out = Wire(sys.argv[1]), sys.argv[2]
    write(out, "schemas/wire/types.h", types_header(w))
    write(out, "schemas/wire/enums.h", enums_header(w))
    write(out, "schemas/wire/table.h", table_header(w))
    write(out, "schemas/wire/table.c", table_source(w))
    write(out, "api/handlers.h", handlers_header(w))
    write(out, "api/programs.inc", programs_rows(w))
    header, source = event_table(w)
    write(out, "api/event_table.h", header)
    write(out, "api/event_table.inc", source)
    header, source = client_stubs(w)
    write(out, "clients/vireo/procedures.h", header)
    write(out, "clients/libvireo_procedures.inc", source)
    # In the build tree there is one such file; the installed one is the same under this name.
    write(out, "clients/vireo/wire_types.h", LGPL + '#include "schemas/wire/types.h"\n')


main()
