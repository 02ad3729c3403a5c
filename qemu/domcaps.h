// SPDX-License-Identifier: GPL-2.0-or-later
// <domainCapabilities>, and what device classes write their elements of it with.
#pragma once

#include "base/str.h"
#include "host/host.h"
#include "qemu/address/address.h"
#include "qemu/device.h"

struct domcaps {
    const struct host_machine *in;
    bool (*has_program)(const char *name);
    enum chipset chipset;
    struct strbuf b;
    bool in_enum;
};

// has_program says whether the host has a program that a device needs beside QEMU. Caller frees.
char *domcaps_format(const struct host_machine *in, bool (*has_program)(const char *name));

// <ELEMENT supported=>; returns `supported`, after which domcaps_close() ends the element.
bool domcaps_open(struct domcaps *d, const char *element, bool supported);
void domcaps_enum(struct domcaps *d, const char *name); // ends the one before
void domcaps_value(struct domcaps *d, bool offered, const char *text);
void domcaps_close(struct domcaps *d, const char *element);
bool domcaps_has_spice(const struct domcaps *d);
