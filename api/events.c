// SPDX-License-Identifier: GPL-2.0-or-later
// How this works
//
// Each client has a list of registrations. An event is encoded once, with a callbackID of 0 in
// front, which is replaced by the id of each registration that matches. The legacy form of a domain
// event is the same bytes without the first four or eight.
#include "api/events.h"
#include "api/daemon.h"
#include "api/event_table.h"
#include "api/handlers.h"
#include "api/session.h"
#include "base/str.h"
#include "base/uuid.h"
#include "rpc/client.h"
#include "schemas/wire/xdr.h"

#include <regex.h>
#include <stddef.h>

#include "api/event_table.inc"

enum { REGISTRATIONS_MAX = 1024, PATTERN_MAX = 256 };

struct registration {
    struct list link;
    enum api_event_class class;
    int32_t event_id, callback_id;
    bool has_uuid;
    uint8_t uuid[UUID_SIZE];
    char *name; // node device, or monitor event; NULL: any
    bool has_regex, ignore_case;
    regex_t regex;
};

static void registration_free(struct registration *r)
{
    list_remove(&r->link);
    if (r->has_regex)
        regfree(&r->regex);
    free(r->name);
    free(r);
}

void event_registrations_init(struct event_registrations *r)
{
    *r = (struct event_registrations){0};
    list_init(&r->list);
}

void event_registrations_finish(struct event_registrations *r)
{
    struct registration *it, *tmp;
    LIST_FOREACH_SAFE (it, tmp, &r->list, link)
        registration_free(it);
}

// A new registration; the filter is filled in by the caller.
static struct registration *add(struct call *call, enum api_event_class class, int32_t event_id,
                                int32_t *callback_id, struct error *err)
{
    static const int32_t ids[API_EVENT_CLASSES] = {
        [API_EVENTS_DOMAIN] = API_EVENT_IDS_DOMAIN,
        [API_EVENTS_NETWORK] = API_EVENT_IDS_NETWORK,
        [API_EVENTS_STORAGE_POOL] = API_EVENT_IDS_STORAGE_POOL,
        [API_EVENTS_NODE_DEVICE] = API_EVENT_IDS_NODE_DEVICE,
        [API_EVENTS_SECRET] = API_EVENT_IDS_SECRET,
        [API_EVENTS_QEMU_MONITOR] = 1,
    };
    struct event_registrations *regs = &call_session(call)->events;
    if (event_id < 0 || event_id >= ids[class]) {
        error_set(err, ERROR_INTERNAL, AREA_RPC, "unsupported event ID %d", event_id);
        return NULL;
    }
    if (regs->count >= REGISTRATIONS_MAX) {
        error_set(err, ERROR_OPERATION_FAILED, AREA_RPC,
                  "this connection has %d event callbacks already: no more are allowed",
                  REGISTRATIONS_MAX);
        return NULL;
    }
    struct registration *r = NEW(struct registration);
    r->class = class;
    r->event_id = event_id;
    r->callback_id = regs->next_id[class]++;
    list_append(&regs->list, &r->link);
    regs->count++;
    *callback_id = r->callback_id;
    return r;
}

// What a filter compares: the object of a reference.
struct subject {
    const uint8_t *uuid; // NULL: the class has none
    const char *name;
};

static struct subject subject_of(enum api_event_class class, const void *ref)
{
    switch (class) {
    case API_EVENTS_NETWORK:
        return (struct subject){.uuid = ((const struct wire_network_ref *)ref)->uuid};
    case API_EVENTS_STORAGE_POOL:
        return (struct subject){.uuid = ((const struct wire_storage_pool_ref *)ref)->uuid};
    case API_EVENTS_SECRET:
        return (struct subject){.uuid = ((const struct wire_secret_ref *)ref)->uuid};
    case API_EVENTS_NODE_DEVICE:
        return (struct subject){.name = ((const struct wire_node_device_ref *)ref)->name};
    default:
        return (struct subject){.uuid = ((const struct wire_domain_ref *)ref)->uuid};
    }
}

static void filter(struct registration *r, const void *ref)
{
    struct subject s = ref ? subject_of(r->class, ref) : (struct subject){0};
    r->has_uuid = s.uuid != NULL;
    if (s.uuid)
        memcpy(r->uuid, s.uuid, UUID_SIZE);
    r->name = xstrdup(s.name);
}

int api_events_register(struct call *call, enum api_event_class class, int32_t event_id,
                        const void *ref, int32_t *callback_id, struct error *err)
{
    struct registration *r = add(call, class, event_id, callback_id, err);
    if (!r)
        return -1;
    filter(r, ref);
    return 0;
}

int api_events_deregister(struct call *call, enum api_event_class class, int32_t callback_id,
                          struct error *err)
{
    struct event_registrations *regs = &call_session(call)->events;
    struct registration *r, *tmp;
    LIST_FOREACH_SAFE (r, tmp, &regs->list, link) {
        if (r->class != class || r->callback_id != callback_id)
            continue;
        registration_free(r);
        regs->count--;
        return 0;
    }
    return error_set(err, ERROR_INTERNAL, AREA_RPC,
                     "no event callback %d is registered on this connection", callback_id);
}

// Compiled before the registration is made, so that a bad pattern leaves nothing behind.
static int compile_pattern(const char *pattern, uint32_t flags, regex_t *ret, struct error *err)
{
    if (strlen(pattern) > PATTERN_MAX)
        return error_set(err, ERROR_INVALID_ARG, AREA_EVENT,
                         "the pattern for event names has more than %d characters", PATTERN_MAX);
    int r = regcomp(
        ret, pattern,
        REG_EXTENDED | REG_NOSUB |
            (flags & VIR_CONNECT_DOMAIN_QEMU_MONITOR_EVENT_REGISTER_NOCASE ? REG_ICASE : 0));
    if (r == 0)
        return 0;
    char why[128];
    regerror(r, NULL, why, sizeof(why));
    return error_set(err, ERROR_INVALID_ARG, AREA_EVENT,
                     "the pattern for event names '%s' is no regular expression: %s", pattern, why);
}

int api_qemu_connect_domain_monitor_event_register(
    struct call *call, const struct wire_qemu_connect_domain_monitor_event_register_args *args,
    struct wire_qemu_connect_domain_monitor_event_register_ret *ret, struct error *err)
{
    regex_t regex;
    bool has_regex =
        args->event && (args->flags & VIR_CONNECT_DOMAIN_QEMU_MONITOR_EVENT_REGISTER_REGEX);
    if (has_regex && compile_pattern(args->event, args->flags, &regex, err) < 0)
        return -1;
    struct registration *r = add(call, API_EVENTS_QEMU_MONITOR, 0, &ret->callbackID, err);
    if (!r) {
        if (has_regex)
            regfree(&regex);
        return -1;
    }
    filter(r, args->dom);
    r->name = xstrdup(args->event);
    r->has_regex = has_regex;
    if (has_regex)
        r->regex = regex;
    r->ignore_case = args->flags & VIR_CONNECT_DOMAIN_QEMU_MONITOR_EVENT_REGISTER_NOCASE;
    return 0;
}

static int set_legacy(struct call *call, int32_t event_id, bool on, struct error *err)
{
    bool *registered = call_session(call)->events.legacy;
    if (event_id < 0 || event_id >= API_EVENT_IDS_DOMAIN || event_id >= API_LEGACY_IDS_MAX)
        return error_set(err, ERROR_INTERNAL, AREA_RPC, "unsupported event ID %d", event_id);
    if (registered[event_id] == on)
        return error_set(err, ERROR_INTERNAL, AREA_RPC, "domain event %d is %s registered",
                         event_id, on ? "already" : "not");
    registered[event_id] = on;
    return 0;
}

int api_connect_domain_event_register(struct call *call,
                                      struct wire_connect_domain_event_register_ret *ret,
                                      struct error *err)
{
    ret->cb_registered = 1;
    return set_legacy(call, VIR_DOMAIN_EVENT_ID_LIFECYCLE, true, err);
}

int api_connect_domain_event_register_any(
    struct call *call, const struct wire_connect_domain_event_register_any_args *args,
    struct error *err)
{
    return set_legacy(call, args->eventID, true, err);
}

int api_connect_domain_event_deregister_any(
    struct call *call, const struct wire_connect_domain_event_deregister_any_args *args,
    struct error *err)
{
    return set_legacy(call, args->eventID, false, err);
}

static bool matches(const struct registration *r, const struct api_event *ev,
                    const struct subject *subject)
{
    if (r->class != (enum api_event_class)ev->class || (ev->id >= 0 && r->event_id != ev->id))
        return false;
    if (r->has_uuid && memcmp(r->uuid, subject->uuid, UUID_SIZE) != 0)
        return false;
    if (!r->name)
        return true;
    if (r->has_regex)
        return regexec(&r->regex, subject->name, 0, NULL, 0) == 0;
    return r->ignore_case ? strcasecmp(r->name, subject->name) == 0
                          : strcmp(r->name, subject->name) == 0;
}

// To one client: once for each registration. Nothing of the session may be touched after its client
// was cut off.
static void send_to(struct session *s, const struct api_event *ev, const struct subject *subject,
                    struct xdr_writer *payload)
{
    struct registration *r;
    LIST_FOREACH (r, &s->events.list, link) {
        if (!matches(r, ev, subject))
            continue;
        xdr_set_u32(payload, 0, (uint32_t)r->callback_id);
        if (client_send_event(s->client, ev->program, ev->procedure, payload->data, payload->len) <
            0)
            return;
    }
    if (ev->legacy && s->events.legacy[ev->id])
        client_send_event(s->client, ev->program, ev->legacy, payload->data + ev->legacy_skip,
                          payload->len - ev->legacy_skip);
}

void api_event_send(struct daemon *d, int row, const void *payload)
{
    const struct api_event *ev = &event_table[row];
    if (list_empty(&d->sessions))
        return;
    struct xdr_writer w;
    xdr_writer_init(&w, WIRE_MESSAGE_PAYLOAD_MAX);
    if (wire_encode(&w, ev->type, payload) < 0) {
        log_error("event '%s' does not fit in the protocol's limits: not sent",
                  wire_type_table[ev->type].name);
        xdr_writer_finish(&w);
        return;
    }
    struct subject subject = subject_of(ev->class, (const char *)payload + ev->object_offset);
    if (ev->class == API_EVENTS_QEMU_MONITOR)
        subject.name = ((const struct wire_qemu_domain_monitor_event_msg *)payload)->event;
    struct session *s, *tmp;
    LIST_FOREACH_SAFE (s, tmp, &d->sessions, link)
        send_to(s, ev, &subject, &w);
    xdr_writer_finish(&w);
}

void *api_event_object(int row, void *payload)
{
    return (char *)payload + event_table[row].object_offset;
}

void api_event_closing(struct daemon *d, int reason)
{
    struct xdr_writer w;
    xdr_writer_init(&w, 4);
    xdr_put_u32(&w, (uint32_t)reason);
    struct session *s, *tmp;
    LIST_FOREACH_SAFE (s, tmp, &d->sessions, link) {
        if (s->close_callback)
            client_send_event(s->client, WIRE_PROGRAM_REMOTE,
                              WIRE_PROC_CONNECT_EVENT_CONNECTION_CLOSED, w.data, w.len);
    }
    xdr_writer_finish(&w);
}
