// SPDX-License-Identifier: GPL-2.0-or-later
// Opening and closing a connection, and what a client asks about it.
#include "api/daemon.h"
#include "api/handlers.h"
#include "api/session.h"
#include "base/str.h"
#include "rpc/client.h"

static bool path_is(const char *path, const char *want)
{
    size_t n = strcspn(path, "?#");
    return n == strlen(want) && strncmp(path, want, n) == 0;
}

// As libvirt: any host was dealt with by the client; system mode also takes /session, as a root
// client asks for that on the system socket.
static int check_uri(const struct daemon *d, const char *name, struct error *err)
{
    static const char scheme[] = "qemu:";
    if (!name)
        return error_set(err, ERROR_INTERNAL, AREA_RPC, "the client named no connection; try %s",
                         d->uri);
    if (!*name)
        return 0;
    if (!str_starts(name, scheme))
        return error_set(err, ERROR_NO_CONNECT, AREA_NONE,
                         "no connection driver available for '%s'; this daemon serves %s", name,
                         d->uri);
    const char *path = name + strlen(scheme);
    if (str_starts(path, "//"))
        path += 2 + strcspn(path + 2, "/?#");
    if (path_is(path, ""))
        return error_set(err, ERROR_INTERNAL, AREA_QEMU, "no qemu URI path given, try %s", d->uri);
    if (path_is(path, "/session") || (d->system_mode && path_is(path, "/system")))
        return 0;
    return error_set(err, ERROR_INTERNAL, AREA_QEMU, "unexpected qemu URI path '%.*s', try %s",
                     (int)strcspn(path, "?#"), path, d->uri);
}

int api_connect_open(struct call *call, const struct wire_connect_open_args *args,
                     struct error *err)
{
    if (client_is_open(call->client))
        return error_set(err, ERROR_INTERNAL, AREA_RPC, "connection already open");
    if (check_uri(call_daemon(call), args->name, err) < 0)
        return -1;
    if (args->flags & VIR_CONNECT_RO)
        client_set_read_only(call->client);
    client_set_open(call->client);
    return 0;
}

int api_connect_close(struct call *call, struct error *err)
{
    client_close_after_reply(call->client);
    return 0;
}

int api_connect_supports_feature(struct call *call,
                                 const struct wire_connect_supports_feature_args *args,
                                 struct wire_connect_supports_feature_ret *ret, struct error *err)
{
    if (args->feature == VIR_DRV_FEATURE_PROGRAM_KEEPALIVE) {
        client_start_keepalive(call->client);
        ret->supported = 1;
        return 0;
    }
    if (!client_is_open(call->client))
        return error_set(err, ERROR_INTERNAL, AREA_RPC, "hypervisor connection not open");
    switch (args->feature) {
    case VIR_DRV_FEATURE_FD_PASSING:
    case VIR_DRV_FEATURE_TYPED_PARAM_STRING:
    case VIR_DRV_FEATURE_REMOTE_EVENT_CALLBACK:
    case VIR_DRV_FEATURE_REMOTE_CLOSE_CALLBACK:
    case VIR_DRV_FEATURE_NETWORK_UPDATE_HAS_CORRECT_ORDER:
        ret->supported = 1;
    }
    return 0;
}

int api_connect_get_uri(struct call *call, struct wire_connect_get_uri_ret *ret, struct error *err)
{
    ret->uri = call_daemon(call)->uri;
    return 0;
}

static int set_close_callback(struct call *call, bool on, struct error *err)
{
    struct session *s = call_session(call);
    if (s->close_callback == on)
        return error_set(err, ERROR_OPERATION_INVALID, AREA_RPC,
                         on ? "a close callback is registered on this connection already"
                            : "no close callback is registered on this connection");
    s->close_callback = on;
    return 0;
}

int api_connect_register_close_callback(struct call *call, struct error *err)
{
    return set_close_callback(call, true, err);
}

int api_connect_unregister_close_callback(struct call *call, struct error *err)
{
    return set_close_callback(call, false, err);
}
