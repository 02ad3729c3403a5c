// SPDX-License-Identifier: GPL-2.0-or-later
// How this works
//
// Each client has a list of registrations. An event is encoded once, with a callbackID of 0 in
// front; for each registration that matches its own id is put there. The legacy form of a domain
// event is the same bytes without the first one or two words.
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

// How to match monitor events' names.
enum { MATCH_REGEX = 1 << 0, MATCH_IGNORE_CASE = 1 << 1 };

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
        [API_EVENTS_QEMU] = 1,
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

static int add_for_uuid(struct call *call, enum api_event_class class, int32_t event_id,
                        const uint8_t *uuid, int32_t *callback_id, struct error *err)
{
    struct registration *r = add(call, class, event_id, callback_id, err);
    if (!r)
        return -1;
    r->has_uuid = uuid != NULL;
    if (uuid)
        memcpy(r->uuid, uuid, UUID_SIZE);
    return 0;
}

static int drop(struct call *call, enum api_event_class class, int32_t callback_id,
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

int api_connect_domain_event_callback_register_any(
    struct call *call, const struct wire_connect_domain_event_callback_register_any_args *args,
    struct wire_connect_domain_event_callback_register_any_ret *ret, struct error *err)
{
    return add_for_uuid(call, API_EVENTS_DOMAIN, args->eventID, args->dom ? args->dom->uuid : NULL,
                        &ret->callbackID, err);
}

int api_connect_domain_event_callback_deregister_any(
    struct call *call, const struct wire_connect_domain_event_callback_deregister_any_args *args,
    void *ret, struct error *err)
{
    (void)ret;
    return drop(call, API_EVENTS_DOMAIN, args->callbackID, err);
}

int api_connect_network_event_register_any(
    struct call *call, const struct wire_connect_network_event_register_any_args *args,
    struct wire_connect_network_event_register_any_ret *ret, struct error *err)
{
    return add_for_uuid(call, API_EVENTS_NETWORK, args->eventID, args->net ? args->net->uuid : NULL,
                        &ret->callbackID, err);
}

int api_connect_network_event_deregister_any(
    struct call *call, const struct wire_connect_network_event_deregister_any_args *args, void *ret,
    struct error *err)
{
    (void)ret;
    return drop(call, API_EVENTS_NETWORK, args->callbackID, err);
}

int api_connect_storage_pool_event_register_any(
    struct call *call, const struct wire_connect_storage_pool_event_register_any_args *args,
    struct wire_connect_storage_pool_event_register_any_ret *ret, struct error *err)
{
    return add_for_uuid(call, API_EVENTS_STORAGE_POOL, args->eventID,
                        args->pool ? args->pool->uuid : NULL, &ret->callbackID, err);
}

int api_connect_storage_pool_event_deregister_any(
    struct call *call, const struct wire_connect_storage_pool_event_deregister_any_args *args,
    void *ret, struct error *err)
{
    (void)ret;
    return drop(call, API_EVENTS_STORAGE_POOL, args->callbackID, err);
}

int api_connect_node_device_event_register_any(
    struct call *call, const struct wire_connect_node_device_event_register_any_args *args,
    struct wire_connect_node_device_event_register_any_ret *ret, struct error *err)
{
    struct registration *r =
        add(call, API_EVENTS_NODE_DEVICE, args->eventID, &ret->callbackID, err);
    if (!r)
        return -1;
    r->name = xstrdup(args->dev ? args->dev->name : NULL);
    return 0;
}

int api_connect_node_device_event_deregister_any(
    struct call *call, const struct wire_connect_node_device_event_deregister_any_args *args,
    void *ret, struct error *err)
{
    (void)ret;
    return drop(call, API_EVENTS_NODE_DEVICE, args->callbackID, err);
}

int api_connect_secret_event_register_any(
    struct call *call, const struct wire_connect_secret_event_register_any_args *args,
    struct wire_connect_secret_event_register_any_ret *ret, struct error *err)
{
    return add_for_uuid(call, API_EVENTS_SECRET, args->eventID,
                        args->secret ? args->secret->uuid : NULL, &ret->callbackID, err);
}

int api_connect_secret_event_deregister_any(
    struct call *call, const struct wire_connect_secret_event_deregister_any_args *args, void *ret,
    struct error *err)
{
    (void)ret;
    return drop(call, API_EVENTS_SECRET, args->callbackID, err);
}

// Compiled before the registration is made, so that a bad pattern leaves nothing behind.
static int compile_pattern(const char *pattern, uint32_t flags, regex_t *ret, struct error *err)
{
    if (strlen(pattern) > PATTERN_MAX)
        return error_set(err, ERROR_INVALID_ARG, AREA_EVENT,
                         "the pattern for event names has more than %d characters", PATTERN_MAX);
    int r = regcomp(ret, pattern,
                    REG_EXTENDED | REG_NOSUB | (flags & MATCH_IGNORE_CASE ? REG_ICASE : 0));
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
    if (args->flags & ~(uint32_t)(MATCH_REGEX | MATCH_IGNORE_CASE))
        return error_set(err, ERROR_UNKNOWN_FLAGS, AREA_EVENT,
                         "unsupported flags (0x%x) for monitor events", args->flags);
    bool has_regex = args->event && (args->flags & MATCH_REGEX);
    if (has_regex && compile_pattern(args->event, args->flags, &regex, err) < 0)
        return -1;
    struct registration *r = add(call, API_EVENTS_QEMU, 0, &ret->callbackID, err);
    if (!r) {
        if (has_regex)
            regfree(&regex);
        return -1;
    }
    r->has_uuid = args->dom != NULL;
    if (args->dom)
        memcpy(r->uuid, args->dom->uuid, UUID_SIZE);
    r->name = xstrdup(args->event);
    r->has_regex = has_regex;
    if (has_regex)
        r->regex = regex;
    r->ignore_case = args->flags & MATCH_IGNORE_CASE;
    return 0;
}

int api_qemu_connect_domain_monitor_event_deregister(
    struct call *call, const struct wire_qemu_connect_domain_monitor_event_deregister_args *args,
    void *ret, struct error *err)
{
    (void)ret;
    return drop(call, API_EVENTS_QEMU, args->callbackID, err);
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

int api_connect_domain_event_register(struct call *call, const void *args,
                                      struct wire_connect_domain_event_register_ret *ret,
                                      struct error *err)
{
    (void)args;
    ret->cb_registered = 1;
    return set_legacy(call, 0, true, err);
}

int api_connect_domain_event_deregister(struct call *call, const void *args,
                                        struct wire_connect_domain_event_deregister_ret *ret,
                                        struct error *err)
{
    (void)args;
    ret->cb_registered = 0;
    return set_legacy(call, 0, false, err);
}

int api_connect_domain_event_register_any(
    struct call *call, const struct wire_connect_domain_event_register_any_args *args, void *ret,
    struct error *err)
{
    (void)ret;
    return set_legacy(call, args->eventID, true, err);
}

int api_connect_domain_event_deregister_any(
    struct call *call, const struct wire_connect_domain_event_deregister_any_args *args, void *ret,
    struct error *err)
{
    (void)ret;
    return set_legacy(call, args->eventID, false, err);
}

// What a filter looks at.
struct subject {
    const uint8_t *uuid; // NULL: the class has none
    const char *name;
};

static struct subject subject_of(const struct api_event *ev, const void *payload)
{
    const void *object = (const char *)payload + ev->object_offset;
    switch ((enum api_event_class)ev->class) {
    case API_EVENTS_DOMAIN:
        return (struct subject){.uuid = ((const struct wire_domain_ref *)object)->uuid};
    case API_EVENTS_NETWORK:
        return (struct subject){.uuid = ((const struct wire_network_ref *)object)->uuid};
    case API_EVENTS_STORAGE_POOL:
        return (struct subject){.uuid = ((const struct wire_storage_pool_ref *)object)->uuid};
    case API_EVENTS_SECRET:
        return (struct subject){.uuid = ((const struct wire_secret_ref *)object)->uuid};
    case API_EVENTS_NODE_DEVICE:
        return (struct subject){.name = ((const struct wire_node_device_ref *)object)->name};
    default:
        return (struct subject){
            .uuid = ((const struct wire_domain_ref *)object)->uuid,
            .name = ((const struct wire_qemu_domain_monitor_event_msg *)payload)->event};
    }
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
    struct subject subject = subject_of(ev, payload);
    struct session *s, *tmp;
    LIST_FOREACH_SAFE (s, tmp, &d->sessions, link)
        send_to(s, ev, &subject, &w);
    xdr_writer_finish(&w);
}

void api_event_domain(struct daemon *d, const struct wire_domain_ref *dom, int event, int detail)
{
    api_send_domain_event_callback_lifecycle(
        d, &(struct wire_domain_event_callback_lifecycle_msg){
               .msg = {.dom = *dom, .event = event, .detail = detail}});
}

void api_event_network(struct daemon *d, const struct wire_network_ref *net, int event, int detail)
{
    api_send_network_event_lifecycle(d, &(struct wire_network_event_lifecycle_msg){
                                            .net = *net, .event = event, .detail = detail});
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
