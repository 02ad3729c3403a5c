// SPDX-License-Identifier: GPL-2.0-or-later
// Authentication. Who may connect was decided at accept (rpc/auth.h), so that no method is needed.
#include "api/handlers.h"
#include "rpc/client.h"

int api_auth_list(struct call *call, struct wire_auth_list_ret *ret, struct error *err)
{
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

int api_auth_sasl_init(struct call *call, struct wire_auth_sasl_init_ret *ret, struct error *err)
{
    return refuse(call, "SASL", err);
}

int api_auth_polkit(struct call *call, struct wire_auth_polkit_ret *ret, struct error *err)
{
    return refuse(call, "polkit", err);
}
