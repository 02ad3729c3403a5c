// SPDX-License-Identifier: GPL-2.0-or-later
// Authentication. Who may connect was decided at accept (rpc/auth.h); here is the room for those
// that prove more. A method of our own gets a handler that ends in client_set_authenticated().
#include "api/handlers.h"
#include "rpc/client.h"

int api_auth_list(struct call *call, const void *args, struct wire_auth_list_ret *ret,
                  struct error *err)
{
    (void)args;
    (void)err;
    ret->types.v = arena_calloc(call->arena, 1, sizeof(*ret->types.v));
    ret->types.n = 1;
    ret->types.v[0] = (int32_t)client_auth_type(call->client);
    return 0;
}

static int refuse(struct call *call, const char *method, struct error *err)
{
    return error_set(err, ERROR_AUTH_FAILED, AREA_RPC, "%s is not offered to uid %u", method,
                     client_peer(call->client)->uid);
}

int api_auth_sasl_init(struct call *call, const void *args, struct wire_auth_sasl_init_ret *ret,
                       struct error *err)
{
    (void)args;
    (void)ret;
    return refuse(call, "SASL", err);
}

int api_auth_sasl_start(struct call *call, const struct wire_auth_sasl_start_args *args,
                        struct wire_auth_sasl_start_ret *ret, struct error *err)
{
    (void)args;
    (void)ret;
    return refuse(call, "SASL", err);
}

int api_auth_sasl_step(struct call *call, const struct wire_auth_sasl_step_args *args,
                       struct wire_auth_sasl_step_ret *ret, struct error *err)
{
    (void)args;
    (void)ret;
    return refuse(call, "SASL", err);
}

int api_auth_polkit(struct call *call, const void *args, struct wire_auth_polkit_ret *ret,
                    struct error *err)
{
    (void)args;
    (void)ret;
    return refuse(call, "polkit", err);
}
