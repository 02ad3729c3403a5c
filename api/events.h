// SPDX-License-Identifier: GPL-2.0-or-later
// Events: who registered for what, and sending one to all of them. Producers use the typed senders
// of the generated api/event_table.h, e.g. api_send_domain_event_callback_reboot(daemon, &msg).
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include "api/handlers.h"
#include "base/list.h"
#include "schemas/wire/types.h"

struct daemon;
struct session;

enum api_event_class {
    API_EVENTS_DOMAIN,
    API_EVENTS_NETWORK,
    API_EVENTS_STORAGE_POOL,
    API_EVENTS_NODE_DEVICE,
    API_EVENTS_SECRET,
    API_EVENTS_QEMU_MONITOR, // filtered by name
    API_EVENT_CLASSES
};

// One row of the generated table.
struct api_event {
    uint8_t class;
    int8_t id; // within its class; -1: has none
    uint32_t program;
    uint16_t procedure, legacy; // legacy 0: has no such form
    uint8_t legacy_skip;        // bytes of the payload that the legacy form lacks
    uint16_t type;              // enum wire_type_id
    uint16_t object_offset;     // of the reference to the object
};

enum { API_LEGACY_IDS_MAX = 64 };

struct event_registrations {
    struct list list; // struct registration, in api/events.c
    unsigned count;
    int32_t next_id[API_EVENT_CLASSES]; // callback ids are not used again
    bool legacy[API_LEGACY_IDS_MAX];    // legacy domain events, by event id
};

void event_registrations_init(struct event_registrations *r);
void event_registrations_finish(struct event_registrations *r);

// Encodes the event once and sends it to every client whose filters match. Never suspends.
void api_event_send(struct daemon *d, int row, const void *payload);
// The reference to the object that an event is about, in its payload.
void *api_event_object(int row, void *payload);

// Notifies the clients that registered (connect_register_close_callback) that the connection will
// close.
void api_event_closing(struct daemon *d, int reason);

// `events.*` of procedures.tsv. ref: the object of interest; NULL: all.
API_HANDLER int api_events_register(struct call *call, enum api_event_class class, int32_t event_id,
                                    const void *ref, int32_t *callback_id, struct error *err);
API_HANDLER int api_events_deregister(struct call *call, enum api_event_class class,
                                      int32_t callback_id, struct error *err);
