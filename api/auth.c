// SPDX-License-Identifier: GPL-2.0-or-later
// Authentication. Who may connect was decided at accept (rpc/auth.h), so that no method is needed.
#include "api/handlers.h"
#include "rpc/client.h"

int api_auth_list(struct call *call, struct wire_auth_list_ret *ret, struct error *err)
{
    int32_t type = (int32_t)client_auth_type(call->client);
    ret->types = (struct wire_i32s){.v = arena_memdup(call->arena, &type, sizeof(type)), .n = 1};
    return 0;
}

// SASL's other calls and polkit's come here, too.
int api_auth_sasl_init(struct call *call, struct wire_auth_sasl_init_ret *ret, struct error *err)
{
    const char *method = call->number == WIRE_PROC_AUTH_POLKIT ? "polkit" : "SASL";
    return error_set(err, ERROR_AUTH_FAILED, AREA_RPC, "%s is not offered to uid %u", method,
                     client_peer(call->client)->uid);
}
