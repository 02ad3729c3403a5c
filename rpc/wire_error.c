// SPDX-License-Identifier: GPL-2.0-or-later
#include "rpc/wire_error.h"

// libvirt's code for each enum error_code, and the prefix of all libvirt's texts with that code:
// clients search for it.
static const struct {
    uint8_t code;
    const char *prefix; // NULL: none
} codes[ERROR_CODE_COUNT] = {
    [ERROR_NONE] = {WIRE_ERR_OK, NULL},
    [ERROR_INTERNAL] = {WIRE_ERR_INTERNAL_ERROR, "internal error"},
    [ERROR_NO_SUPPORT] = {WIRE_ERR_NO_SUPPORT,
                          "this function is not supported by the connection driver"},
    [ERROR_NO_CONNECT] = {WIRE_ERR_NO_CONNECT, NULL},
    [ERROR_INVALID_CONN] = {WIRE_ERR_INVALID_CONN, NULL},
    [ERROR_INVALID_ARG] = {WIRE_ERR_INVALID_ARG, "invalid argument"},
    [ERROR_UNKNOWN_FLAGS] = {WIRE_ERR_INVALID_ARG, NULL},
    [ERROR_OPERATION_FAILED] = {WIRE_ERR_OPERATION_FAILED, "operation failed"},
    [ERROR_OPERATION_INVALID] = {WIRE_ERR_OPERATION_INVALID, "Requested operation is not valid"},
    [ERROR_OPERATION_DENIED] = {WIRE_ERR_OPERATION_DENIED, "operation forbidden"},
    [ERROR_OPERATION_UNSUPPORTED] = {WIRE_ERR_OPERATION_UNSUPPORTED, NULL},
    [ERROR_OPERATION_TIMEOUT] = {WIRE_ERR_OPERATION_TIMEOUT, NULL},
    [ERROR_OPERATION_ABORTED] = {WIRE_ERR_OPERATION_ABORTED, NULL},
    [ERROR_ARGUMENT_UNSUPPORTED] = {WIRE_ERR_ARGUMENT_UNSUPPORTED, "argument unsupported"},
    [ERROR_XML] = {WIRE_ERR_XML_ERROR, NULL},
    [ERROR_XML_DETAIL] = {WIRE_ERR_XML_DETAIL, NULL},
    [ERROR_NO_NAME] = {WIRE_ERR_NO_NAME, NULL},
    [ERROR_INVALID_MAC] = {WIRE_ERR_INVALID_MAC, NULL},
    [ERROR_XML_SCHEMA] = {WIRE_ERR_XML_INVALID_SCHEMA, NULL},
    [ERROR_CONFIG_UNSUPPORTED] = {WIRE_ERR_CONFIG_UNSUPPORTED, "unsupported configuration"},
    [ERROR_CONF_SYNTAX] = {WIRE_ERR_CONF_SYNTAX, NULL},
    [ERROR_SYSTEM] = {WIRE_ERR_SYSTEM_ERROR, NULL},
    [ERROR_RPC] = {WIRE_ERR_RPC, NULL},
    [ERROR_AUTH_FAILED] = {WIRE_ERR_AUTH_FAILED, "authentication failed"},
    [ERROR_AUTH_UNAVAILABLE] = {WIRE_ERR_AUTH_UNAVAILABLE, NULL},
    [ERROR_ACCESS_DENIED] = {WIRE_ERR_ACCESS_DENIED, NULL},
    [ERROR_RESOURCE_BUSY] = {WIRE_ERR_RESOURCE_BUSY, NULL},
    [ERROR_OVERFLOW] = {WIRE_ERR_OVERFLOW, NULL},
    [ERROR_NO_MEMORY] = {WIRE_ERR_NO_MEMORY, NULL},
    [ERROR_HOOK_FAILED] = {WIRE_ERR_HOOK_SCRIPT_FAILED, NULL},
    [ERROR_AGENT_UNRESPONSIVE] = {WIRE_ERR_AGENT_UNRESPONSIVE, "Guest agent is not responding"},
    [ERROR_DEVICE_MISSING] = {WIRE_ERR_DEVICE_MISSING, "device not found"},
    [ERROR_INVALID_STREAM] = {WIRE_ERR_INVALID_STREAM, NULL},
    [ERROR_NO_DOMAIN] = {WIRE_ERR_NO_DOMAIN, "Domain not found"},
    [ERROR_DOMAIN_EXISTS] = {WIRE_ERR_DOM_EXIST, NULL},
    [ERROR_INVALID_DOMAIN] = {WIRE_ERR_INVALID_DOMAIN, NULL},
    [ERROR_NO_DOMAIN_METADATA] = {WIRE_ERR_NO_DOMAIN_METADATA, "metadata not found"},
    [ERROR_NO_NETWORK] = {WIRE_ERR_NO_NETWORK, "Network not found"},
    [ERROR_NETWORK_EXISTS] = {WIRE_ERR_NETWORK_EXIST, NULL},
    [ERROR_NO_NETWORK_PORT] = {WIRE_ERR_NO_NETWORK_PORT, "network port not found"},
    [ERROR_NETWORK_PORT_EXISTS] = {WIRE_ERR_NETWORK_PORT_EXIST, "network port already exists"},
    [ERROR_NO_STORAGE_POOL] = {WIRE_ERR_NO_STORAGE_POOL, "Storage pool not found"},
    [ERROR_NO_STORAGE_VOL] = {WIRE_ERR_NO_STORAGE_VOL, "Storage volume not found"},
    [ERROR_STORAGE_VOL_EXISTS] = {WIRE_ERR_STORAGE_VOL_EXIST, NULL},
    [ERROR_NO_DOMAIN_SNAPSHOT] = {WIRE_ERR_NO_DOMAIN_SNAPSHOT, NULL},
    [ERROR_NO_NODE_DEVICE] = {WIRE_ERR_NO_NODE_DEVICE, NULL},
    [ERROR_NO_INTERFACE] = {WIRE_ERR_NO_INTERFACE, NULL},
    [ERROR_NO_SECRET] = {WIRE_ERR_NO_SECRET, NULL},
    [ERROR_NO_NWFILTER] = {WIRE_ERR_NO_NWFILTER, NULL},
    [ERROR_BUILD_FIREWALL] = {WIRE_ERR_BUILD_FIREWALL, NULL},
    [ERROR_CPU_INCOMPATIBLE] = {WIRE_ERR_CPU_INCOMPATIBLE, NULL},
};

static const uint8_t domains[AREA_COUNT] = {
    [AREA_NONE] = WIRE_FROM_NONE,       [AREA_QEMU] = WIRE_FROM_QEMU,
    [AREA_DOMAIN] = WIRE_FROM_DOMAIN,   [AREA_RPC] = WIRE_FROM_RPC,
    [AREA_XML] = WIRE_FROM_XML,         [AREA_NETWORK] = WIRE_FROM_NETWORK,
    [AREA_STORAGE] = WIRE_FROM_STORAGE, [AREA_FIREWALL] = WIRE_FROM_FIREWALL,
    [AREA_STREAM] = WIRE_FROM_STREAMS,  [AREA_AUTH] = WIRE_FROM_AUTH,
    [AREA_CONF] = WIRE_FROM_CONF,       [AREA_CAPABILITIES] = WIRE_FROM_CAPABILITIES,
    [AREA_HOOK] = WIRE_FROM_HOOK,       [AREA_EVENT] = WIRE_FROM_EVENT,
};

enum wire_error_code wire_error_code(enum error_code code)
{
    return (unsigned)code < ERROR_CODE_COUNT ? codes[code].code : WIRE_ERR_INTERNAL_ERROR;
}

enum wire_error_domain wire_error_domain(enum error_area area)
{
    return (unsigned)area < AREA_COUNT ? domains[area] : WIRE_FROM_NONE;
}

struct wire_error wire_error_make(const struct error *err, struct arena *a)
{
    const char *prefix = (unsigned)err->code < ERROR_CODE_COUNT ? codes[err->code].prefix : NULL;
    const char *text = error_message(err);
    if (prefix)
        text = arena_printf(a, "%s: %s", prefix, text);
    return (struct wire_error){
        .code = wire_error_code(err->code),
        .domain = wire_error_domain(err->area),
        .message = text,
        .level = WIRE_LEVEL_ERR_ERROR,
        .str1 = "%s",
        .str2 = text,
        .int1 = err->sys_errno ? err->sys_errno : -1,
        .int2 = -1,
    };
}
