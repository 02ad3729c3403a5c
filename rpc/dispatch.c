// SPDX-License-Identifier: GPL-2.0-or-later
// Calls: refused at once, or decoded and run in a task, at most so many of a client together.
#include "rpc/internal.h"
#include "rpc/wire_error.h"

#include <inttypes.h>
#include <stdio.h>

// A call with what it needs until its reply is sent.
struct job {
    struct call call; // first: handlers get this
    struct list link; // in client->parked
    struct arena arena;
    struct packet_header header;
    void *args, *ret;
};

int call_take_fd(struct call *call, uint32_t slot, struct error *err)
{
    if (slot >= call->nin_fds || call->in_fds[slot] < 0)
        return error_set(err, ERROR_INTERNAL, AREA_RPC,
                         "No FD available at slot %u: %s needs the client to send one", slot,
                         call->procedure->label);
    int fd = call->in_fds[slot];
    call->in_fds[slot] = -1;
    return fd;
}

int call_give_fd(struct call *call, int fd, struct error *err)
{
    if (call->nout_fds == WIRE_MESSAGE_FDS_MAX) {
        close(fd);
        return error_set(err, ERROR_INTERNAL, AREA_RPC, "%s returns more than %d file descriptors",
                         call->procedure->label, WIRE_MESSAGE_FDS_MAX);
    }
    call->out_fds[call->nout_fds++] = fd;
    return 0;
}

void send_error(struct client *c, const struct packet_header *call, enum wire_message_type type,
                const struct error *err)
{
    struct packet_header h = *call;
    h.type = type;
    h.status = WIRE_ERROR;
    struct arena arena = {0};
    struct wire_error e = wire_error_make(err, &arena);
    struct xdr_writer w;
    xdr_writer_init(&w, WIRE_LENGTH_WORD_MAX);
    packet_begin(&w, &h);
    wire_encode(&w, WIRE_TYPE_ERROR, &e);
    if (packet_end(&w) < 0) { // a text of more than 4 MiB
        xdr_writer_finish(&w);
        e.message = e.str2 = "the error's text is too long";
        packet_begin(&w, &h);
        wire_encode(&w, WIRE_TYPE_ERROR, &e);
        packet_end(&w);
    }
    arena_finish(&arena);
    client_send(c, &w, NULL, 0);
}

static void job_free(struct job *j)
{
    struct client *c = j->call.client;
    for (uint32_t i = 0; i < j->call.nin_fds; i++)
        close_fd(&j->call.in_fds[i]);
    for (uint32_t i = 0; i < j->call.nout_fds; i++)
        close_fd(&j->call.out_fds[i]);
    list_remove(&j->link);
    arena_finish(&j->arena);
    free(j);
    client_unref(c);
}

static int send_result(struct job *j, struct error *err)
{
    struct call *call = &j->call;
    struct packet_header h = j->header;
    h.type = call->nout_fds ? WIRE_REPLY_WITH_FDS : WIRE_REPLY;
    struct xdr_writer w;
    xdr_writer_init(&w, WIRE_LENGTH_WORD_MAX);
    packet_begin(&w, &h);
    if (call->nout_fds)
        xdr_put_u32(&w, call->nout_fds);
    wire_encode(&w, call->procedure->ret, j->ret);
    if (packet_end(&w) < 0) {
        xdr_writer_finish(&w);
        return error_set(err, ERROR_RPC, AREA_RPC,
                         "the result of %s does not fit in the protocol's limits",
                         call->procedure->label);
    }
    client_send(call->client, &w, call->out_fds, call->nout_fds);
    call->nout_fds = 0; // taken
    return 0;
}

// For a read-only client: who it is, and what it takes to change things. Caller frees.
static char *who_may(const struct client *c)
{
    const struct rpc_policy *p = &c->server->config.policy;
    if (rpc_policy_check(p, &c->peer) == RPC_ACCESS_FULL)
        return xstrdup("");
    if (!p->has_group || !*p->group_name)
        return xasprintf("; uid %u has read-only access: this takes root", (unsigned)c->peer.uid);
    return xasprintf("; uid %u has read-only access: this takes root, or a member of group '%s' "
                     "('usermod -aG %s USER', and log in again)",
                     (unsigned)c->peer.uid, p->group_name, p->group_name);
}

// What depends on the connection's state, checked when the call starts.
static int check_rights(const struct job *j, uint32_t flags, struct error *err)
{
    const struct client *c = j->call.client;
    const struct rpc_procedure *p = j->call.procedure;
    if (!client_is_open(c) && !(p->flags & RPC_BEFORE_OPEN))
        return error_set(err, ERROR_INTERNAL, AREA_RPC, "hypervisor connection not open");
    if (!c->read_only || ((p->flags & RPC_READ_ONLY) && !(flags & p->denied_flags)))
        return 0;
    AUTO_FREE char *who = who_may(c);
    if (!(p->flags & RPC_READ_ONLY))
        return error_set(err, ERROR_OPERATION_DENIED, AREA_RPC, "read only access prevents %s%s",
                         p->label, who);
    return error_set(err, ERROR_OPERATION_DENIED, AREA_RPC,
                     "read only access prevents %s with flags 0x%x%s", p->label,
                     flags & p->denied_flags, who);
}

// What a procedure's row says, before anything of the call is done.
static int check_call(const struct job *j, struct error *err)
{
    const struct rpc_procedure *p = j->call.procedure;
    uint32_t flags = 0;
    if ((p->flags & RPC_HAS_FLAGS) || p->denied_flags)
        memcpy(&flags, (const char *)j->args + p->flags_offset, sizeof(flags));
    if (check_rights(j, flags, err) < 0)
        return -1;
    if (!p->provided)
        return error_set(err, ERROR_NO_SUPPORT, AREA_RPC, "vireod does not provide %s yet%s%s%s",
                         p->feature ? p->feature : p->label, p->feature ? " (" : "",
                         p->feature ? p->label : "", p->feature ? ")" : "");
    if ((p->flags & RPC_HAS_FLAGS) && (flags & ~p->known_flags))
        return error_set(err, ERROR_UNKNOWN_FLAGS, AREA_QEMU,
                         "unsupported flags (0x%x) in function %s", flags & ~p->known_flags,
                         p->label);
    return 0;
}

static int run_handler(struct job *j, struct error *err)
{
    const struct rpc_procedure *p = j->call.procedure;
    if (!p->object)
        return p->run(&j->call, NULL, j->args, j->ret, err);
    void *held = NULL;
    void *object =
        p->object->find(p->object, &j->call, (const char *)j->args + p->object_offset, &held, err);
    if (!object)
        return -1;
    int r = p->needs ? p->object->require(p->object, object, p->needs, err) : 0;
    if (r == 0)
        r = p->run(&j->call, object, j->args, j->ret, err);
    p->object->unref(held);
    return r;
}

static int run_job(struct job *j, struct error *err)
{
    struct call *call = &j->call;
    if (check_call(j, err) < 0) {
        call->client->server->stats.calls_refused++;
        return -1;
    }
    if (run_handler(j, err) < 0) {
        if (err->code == ERROR_NONE)
            error_set(err, ERROR_INTERNAL, AREA_RPC, "%s failed without saying why",
                      call->procedure->label);
        call->client->server->stats.calls_failed++;
        return -1;
    }
    return send_result(j, err);
}

static void job_task(struct task *t, void *arg)
{
    struct job *j = arg;
    struct client *c = client_ref(j->call.client);
    AUTO_ERROR err = ERROR_INIT;
    j->call.task = t;
    *task_log_fields(t) = (struct log_fields){.client = c->id};
    bool was_connected = c->fd >= 0;
    uint64_t started_us = now_monotonic_us();
    int r = run_job(j, &err);
    log_debug("%s %s after %ju us", j->call.procedure->label, r < 0 ? "failed" : "done",
              (uintmax_t)(now_monotonic_us() - started_us));
    if (was_connected && c->fd < 0)
        c->server->stats.replies_dropped++;
    if (r < 0)
        send_error(c, &j->header, WIRE_REPLY, &err);
    if (j->call.stream) {
        if (r < 0 || c->fd < 0)
            stream_discard(j->call.stream);
        else
            stream_start(j->call.stream);
    }
    job_free(j);
    c->running--;
    c->server->stats.calls_in_flight--;
    if (c->state == CLIENT_LEAVING) {
        client_set_state(c, CLIENT_CLOSING);
        client_flush(c);
    }
    dispatch_parked(c);
    client_update(c);
    client_unref(c);
}

static void start_job(struct job *j)
{
    struct client *c = j->call.client;
    c->running++;
    c->server->stats.calls++;
    c->server->stats.calls_in_flight++;
    task_spawn(c->server->sched, j->call.procedure->name, job_task, j);
}

void dispatch_parked(struct client *c)
{
    struct job *j;
    while (c->fd >= 0 && c->running < c->server->config.max_client_requests &&
           (j = LIST_FIRST(&c->parked, struct job, link))) {
        list_remove(&j->link);
        c->nparked--;
        c->parked_bytes -= j->header.length;
        start_job(j);
    }
}

void dispatch_drop_parked(struct client *c)
{
    struct job *j, *tmp;
    LIST_FOREACH_SAFE (j, tmp, &c->parked, link)
        job_free(j);
    c->nparked = 0;
    c->parked_bytes = 0;
}

static const struct rpc_procedure *find_procedure(struct client *c, const struct packet_header *h,
                                                  struct error *err)
{
    const struct server *s = c->server;
    const struct rpc_program *program = NULL;
    for (size_t i = 0; i < s->nprograms; i++) {
        if (s->programs[i].number == h->program && s->programs[i].version == h->version)
            program = &s->programs[i];
    }
    if (!program) {
        error_set(err, ERROR_RPC, AREA_RPC, "Cannot find program %u version %u", h->program,
                  h->version);
        return NULL;
    }
    if (h->status != WIRE_OK) {
        error_set(err, ERROR_RPC, AREA_RPC, "Unexpected message status %d", h->status);
        return NULL;
    }
    uint32_t number = (uint32_t)h->procedure;
    const struct rpc_procedure *p =
        number && number <= program->count ? &program->procedures[number - 1] : NULL;
    if (!p || p->kind == RPC_EVENT) {
        error_set(err, ERROR_RPC, AREA_RPC, "unknown procedure: %d", h->procedure);
        return NULL;
    }
    if (!client_is_authenticated(c) && !(p->flags & RPC_BEFORE_AUTH)) {
        error_set(err, ERROR_RPC, AREA_RPC, "authentication required");
        return NULL;
    }
    return p;
}

static int decode_args(struct job *j, const uint8_t *payload, struct error *err)
{
    const struct rpc_procedure *p = j->call.procedure;
    struct xdr_reader r = {
        .p = payload, .end = payload + j->header.length - PACKET_HEADER_SIZE, .arena = &j->arena};
    uint32_t nfds;
    int bad = j->header.type == WIRE_CALL_WITH_FDS ? xdr_get_u32(&r, &nfds) : 0;
    if (!bad && p->args) {
        j->args = arena_alloc(&j->arena, wire_type_table[p->args].size);
        bad = wire_decode(&r, p->args, j->args);
    }
    if (p->ret)
        j->ret = arena_alloc(&j->arena, wire_type_table[p->ret].size);
    return bad ? error_set(err, ERROR_RPC, AREA_RPC, "Unable to decode message payload") : 0;
}

void dispatch_call(struct client *c, const struct packet_header *h, const uint8_t *payload,
                   const int *fds, uint32_t nfds)
{
    AUTO_ERROR err = ERROR_INIT;
    struct job *j = NEW(struct job);
    list_init(&j->link);
    j->header = *h;
    j->header.status = WIRE_OK;
    j->call = (struct call){.client = client_ref(c),
                            .owner = c->server->owner,
                            .session = c->session,
                            .arena = &j->arena,
                            .program = h->program,
                            .number = (uint32_t)h->procedure,
                            .serial = h->serial,
                            .nin_fds = nfds};
    memcpy(j->call.in_fds, fds, nfds * sizeof(*fds));
    j->call.procedure = find_procedure(c, h, &err);
    if (!j->call.procedure || decode_args(j, payload, &err) < 0) {
        c->server->stats.calls_refused++;
        send_error(c, h, WIRE_REPLY, &err);
        job_free(j);
        return;
    }
    if (c->running < c->server->config.max_client_requests && list_empty(&c->parked)) {
        start_job(j);
        return;
    }
    list_append(&c->parked, &j->link);
    c->nparked++;
    c->parked_bytes += h->length;
}
