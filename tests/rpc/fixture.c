// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/rpc/fixture.h"

#include <stddef.h>
#include <string.h>
#include "rpc/call.h"
#include "rpc/client.h"

static int do_open(struct call *call, void *object, const void *args, void *ret, struct error *err)
{
    client_set_open(call->client);
    return 0;
}

static int do_echo(struct call *call, void *object, const void *args, void *ret, struct error *err)
{
    const struct wire_domain_lookup_by_name_args *a = args;
    ((struct wire_connect_get_type_ret *)ret)->type = a->name;
    return 0;
}

static int do_wait(struct call *call, void *object, const void *args, void *ret, struct error *err)
{
    struct fixture *f = call->owner;
    f->waiting++;
    int r = completion_wait(call->task, &f->gate, TASK_FOREVER);
    f->waiting--;
    if (r < 0)
        return error_set(err, ERROR_OPERATION_ABORTED, AREA_RPC, "cancelled");
    return do_echo(call, object, args, ret, err);
}

// Later for larger numbers of milliseconds.
static int do_sleep(struct call *call, void *object, const void *args, void *ret, struct error *err)
{
    const struct wire_domain_lookup_by_id_args *a = args;
    task_sleep(call->task, task_deadline_ms((uint64_t)a->id));
    return 0;
}

// Gives back the descriptors it got, the last one first.
static int do_fds(struct call *call, void *object, const void *args, void *ret, struct error *err)
{
    if (call->nin_fds == 0)
        return call_take_fd(call, 0, err);
    for (uint32_t i = call->nin_fds; i-- > 0;) {
        if (call_give_fd(call, call_take_fd(call, i, err), err) < 0)
            return -1;
    }
    return 0;
}

static int do_too_much(struct call *call, void *object, const void *args, void *ret,
                       struct error *err)
{
    struct wire_connect_list_domains_ret *r = ret;
    r->ids.n = WIRE_DOMAIN_LIST_MAX + 1;
    r->ids.v = arena_calloc(call->arena, r->ids.n, sizeof(*r->ids.v));
    return 0;
}

static int do_silent(struct call *call, void *object, const void *args, void *ret,
                     struct error *err)
{
    return -1;
}

// An object: what its reference is named.
struct thing {
    const char *name;
    unsigned refs;
};

static void *find_thing(const struct rpc_object_class *class, struct call *call, const void *ref,
                        void **held, struct error *err)
{
    struct fixture *f = call->owner;
    const struct wire_domain_ref *r = ref;
    if (strcmp(r->name, "none") == 0) {
        error_set(err, ERROR_NO_DOMAIN, AREA_QEMU, "no thing '%s'", r->name);
        return NULL;
    }
    f->held++;
    struct thing *thing = arena_alloc(call->arena, sizeof(*thing));
    thing->name = r->name;
    *held = f;
    return thing;
}

static void unref_thing(void *held)
{
    ((struct fixture *)held)->held--;
}

static int require_thing(const struct rpc_object_class *class, const void *object, unsigned needs,
                         struct error *err)
{
    if (needs == RPC_ACTIVE && strcmp(((const struct thing *)object)->name, "off") == 0)
        return error_set(err, ERROR_OPERATION_INVALID, AREA_QEMU, "it is off");
    return 0;
}

static const struct rpc_object_class things = {find_thing, unref_thing, require_thing};

static int do_object(struct call *call, void *object, const void *args, void *ret,
                     struct error *err)
{
    CHECK_INT(((struct fixture *)call->owner)->held, 1);
    const struct thing *thing = object;
    if (strcmp(thing->name, "bad") == 0)
        return error_set(err, ERROR_OPERATION_FAILED, AREA_QEMU, "it is bad");
    ((struct wire_connect_get_type_ret *)ret)->type = thing->name;
    return 0;
}

static const struct rpc_procedure procedures[P_COUNT] = {
    [P_OPEN - 1] = {.name = "open",
                    .label = "Open",
                    .flags = RPC_READ_ONLY | RPC_BEFORE_OPEN | RPC_BEFORE_AUTH,
                    RUN_BY(do_open)},
    [P_ECHO - 1] = {.name = "echo",
                    .label = "Echo",
                    .flags = RPC_READ_ONLY,
                    .args = WIRE_TYPE_DOMAIN_LOOKUP_BY_NAME_ARGS,
                    .ret = WIRE_TYPE_CONNECT_GET_TYPE_RET,
                    RUN_BY(do_echo)},
    [P_WAIT - 1] = {.name = "wait",
                    .label = "Wait",
                    .flags = RPC_READ_ONLY,
                    .args = WIRE_TYPE_DOMAIN_LOOKUP_BY_NAME_ARGS,
                    .ret = WIRE_TYPE_CONNECT_GET_TYPE_RET,
                    RUN_BY(do_wait)},
    [P_SLEEP - 1] = {.name = "sleep",
                     .label = "Sleep",
                     .flags = RPC_READ_ONLY,
                     .args = WIRE_TYPE_DOMAIN_LOOKUP_BY_ID_ARGS,
                     RUN_BY(do_sleep)},
    [P_FDS -
        1] = {.name = "fds", .label = "Fds", .flags = RPC_FDS_IN | RPC_FDS_OUT, RUN_BY(do_fds)},
    [P_EVENT - 1] = {.name = "event", .label = "event", .kind = RPC_EVENT},
    [P_NONE -
        1] = {.name = "none", .label = "virNone", .feature = "snapshots", .flags = RPC_READ_ONLY},
    [P_WRITE - 1] = {.name = "write", .label = "virWrite", RUN_BY(do_open)},
    [P_FLAGS - 1] = {.name = "flags",
                     .label = "virFlags",
                     .flags = RPC_READ_ONLY,
                     .args = WIRE_TYPE_DOMAIN_GET_XML_DESC_ARGS,
                     .denied_flags = 9,
                     .flags_offset = offsetof(struct wire_domain_get_xml_desc_args, flags),
                     RUN_BY(do_open)},
    [P_MUCH - 1] = {.name = "much",
                    .label = "virMuch",
                    .ret = WIRE_TYPE_CONNECT_LIST_DOMAINS_RET,
                    RUN_BY(do_too_much)},
    [P_SILENT - 1] = {.name = "silent", .label = "virSilent", RUN_BY(do_silent)},
    [P_LIST - 1] = {.name = "list",
                    .label = "virList",
                    .args = WIRE_TYPE_DOMAIN_SET_SCHEDULER_PARAMETERS_ARGS,
                    RUN_BY(do_open)},
    [P_OBJECT - 1] = {.name = "object",
                      .label = "virObject",
                      .flags = RPC_READ_ONLY | RPC_HAS_FLAGS,
                      .args = WIRE_TYPE_DOMAIN_GET_XML_DESC_ARGS,
                      .ret = WIRE_TYPE_CONNECT_GET_TYPE_RET,
                      .flags_offset = offsetof(struct wire_domain_get_xml_desc_args, flags),
                      .known_flags = 5,
                      .denied_flags = 4,
                      .object = &things,
                      .object_offset = offsetof(struct wire_domain_get_xml_desc_args, dom),
                      .needs = RPC_ACTIVE,
                      RUN_BY(do_object)},
};

static const struct rpc_program programs[] = {{WIRE_PROGRAM_REMOTE, 1, procedures, P_COUNT - 1}};

void *new_session(void *owner, struct client *client)
{
    (void)client;
    ((struct fixture *)owner)->sessions++;
    return owner;
}

static void end_session(void *session)
{
    ((struct fixture *)session)->sessions--;
}

static void on_idle(void *owner, bool idle)
{
    ((struct fixture *)owner)->idle = idle;
}

void config_init(struct server_config *config)
{
    server_config_init(config);
    config->session_create = new_session;
    config->session_destroy = end_session;
    config->on_idle = on_idle;
}

void start(struct fixture *f, struct task *t, const struct server_config *config)
{
    struct server_config own;
    config_init(&own);
    *f = (struct fixture){.task = t, .idle = true};
    completion_init(&f->gate);
    f->server = server_create(task_sched(t), config ? config : &own, programs, 1, f);
}

void wait_until(struct fixture *f, const unsigned *value, unsigned want)
{
    uint64_t end = task_deadline_ms(10000);
    while (*value != want) {
        CHECK(task_deadline_ms(0) < end);
        task_sleep(f->task, task_deadline_ms(1));
    }
}

void stop(struct fixture *f)
{
    completion_post(&f->gate, 0);
    server_close(f->server);
    wait_until(f, &server_stats(f->server)->calls_in_flight, 0);
    CHECK_INT(f->sessions, 0);
    CHECK(f->idle);
    server_destroy(f->server);
}

void open_client(struct raw *c)
{
    raw_call(c, P_OPEN, 0, WIRE_TYPE_NONE, NULL);
    raw_reply(c, 0, WIRE_TYPE_NONE, NULL);
}

void echo(struct raw *c, uint32_t serial, const char *text)
{
    struct wire_connect_get_type_ret ret;
    raw_call(c, P_ECHO, serial, WIRE_TYPE_DOMAIN_LOOKUP_BY_NAME_ARGS,
             &(struct wire_domain_lookup_by_name_args){.name = text});
    raw_reply(c, serial, WIRE_TYPE_CONNECT_GET_TYPE_RET, &ret);
    CHECK_STR(ret.type, text);
}

void call_wait(struct raw *c, uint32_t serial, const char *text)
{
    raw_call(c, P_WAIT, serial, WIRE_TYPE_DOMAIN_LOOKUP_BY_NAME_ARGS,
             &(struct wire_domain_lookup_by_name_args){.name = text});
}
