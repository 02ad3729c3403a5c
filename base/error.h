// SPDX-License-Identifier: LGPL-2.1-or-later
// One error: set where something fails, passed up unchanged, logged or sent once at the top.
//
// The text names the object, the action, the cause, the acting user where that matters, and the
// remedy:
//   "cannot open disk '/img/a.qcow2' as user qemu: permission denied on directory '/img'"
// rpc/wire_error.c maps codes to libvirt's numbers and adds libvirt's message prefix of the code
// ("Domain not found: "): texts do not repeat it.
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <string.h>
#include "base/cleanup.h"

enum error_code {
    ERROR_NONE = 0,
    ERROR_INTERNAL,              // a bug or a broken assumption
    ERROR_NO_SUPPORT,            // the call itself is not provided
    ERROR_NO_CONNECT,            // a connection URI that vireod does not serve
    ERROR_INVALID_CONN,          //
    ERROR_INVALID_ARG,           // an invalid argument
    ERROR_UNKNOWN_FLAGS,         // a flag that the call does not define
    ERROR_OPERATION_FAILED,      // the operation was tried and failed
    ERROR_OPERATION_INVALID,     // not in this state
    ERROR_OPERATION_DENIED,      // read-only connection
    ERROR_OPERATION_UNSUPPORTED, // this object cannot do that
    ERROR_OPERATION_TIMEOUT,     //
    ERROR_OPERATION_ABORTED,     //
    ERROR_ARGUMENT_UNSUPPORTED,  // a flag or parameter that is not provided
    ERROR_XML,                   // a wrong or missing value in a document
    ERROR_XML_DETAIL,            // not XML, or beyond a limit
    ERROR_NO_NAME,               // a document without a name
    ERROR_INVALID_MAC,           //
    ERROR_XML_SCHEMA,            // document fails schema validation
    ERROR_CONFIG_UNSUPPORTED,    // known to libvirt, would change the guest, not provided
    ERROR_CONF_SYNTAX,           // configuration file
    ERROR_SYSTEM,                // a system call failed, see sys_errno
    ERROR_RPC,                   // wire protocol
    ERROR_AUTH_FAILED,           //
    ERROR_AUTH_UNAVAILABLE,      //
    ERROR_ACCESS_DENIED,         //
    ERROR_RESOURCE_BUSY,         //
    ERROR_OVERFLOW,              //
    ERROR_NO_MEMORY,             //
    ERROR_HOOK_FAILED,           //
    ERROR_AGENT_UNRESPONSIVE,    //
    ERROR_DEVICE_MISSING,        //
    ERROR_INVALID_STREAM,        //
    ERROR_NO_DOMAIN,             //
    ERROR_DOMAIN_EXISTS,         //
    ERROR_INVALID_DOMAIN,        //
    ERROR_NO_DOMAIN_METADATA,    //
    ERROR_NO_NETWORK,            //
    ERROR_NETWORK_EXISTS,        //
    ERROR_NO_NETWORK_PORT,       //
    ERROR_NETWORK_PORT_EXISTS,   //
    ERROR_NO_STORAGE_POOL,       //
    ERROR_NO_STORAGE_VOL,        //
    ERROR_STORAGE_VOL_EXISTS,    //
    ERROR_NO_DOMAIN_SNAPSHOT,    //
    ERROR_NO_NODE_DEVICE,        //
    ERROR_NO_INTERFACE,          //
    ERROR_NO_SECRET,             //
    ERROR_NO_NWFILTER,           //
    ERROR_BUILD_FIREWALL,        //
    ERROR_CPU_INCOMPATIBLE,      //
    ERROR_CODE_COUNT
};

// The area of the failure; clients show or test it (libvirt's virErrorDomain).
enum error_area {
    AREA_NONE = 0,
    AREA_QEMU,
    AREA_DOMAIN, // domain document
    AREA_RPC,
    AREA_XML,
    AREA_NETWORK,
    AREA_STORAGE,
    AREA_FIREWALL,
    AREA_STREAM,
    AREA_AUTH,
    AREA_CONF,
    AREA_CAPABILITIES,
    AREA_HOOK,
    AREA_EVENT,
    AREA_COUNT
};

struct error {
    enum error_code code;
    enum error_area area;
    int sys_errno; // 0, or the errno that caused it
    char *message; // owned; NULL exactly when code is ERROR_NONE
};

#define ERROR_INIT ((struct error){0})
#define AUTO_ERROR CLEANUP(error_clear) struct error

// All setters return -1, so that `return error_set(...)` works, accept err == NULL, and replace a
// previous error.
int error_set(struct error *err, enum error_code code, enum error_area area, const char *fmt, ...)
    PRINTF_LIKE(4, 5);
int error_setv(struct error *err, enum error_code code, enum error_area area, const char *fmt,
               va_list ap) PRINTF_LIKE(4, 0);
// ERROR_SYSTEM with ": <strerror>" appended. `errnum` may be negative (a base/ return value).
int error_set_errno(struct error *err, enum error_area area, int errnum, const char *fmt, ...)
    PRINTF_LIKE(4, 5);

// Shows the return value -1 to compilers and clang-tidy, which cannot see into error.c.
#define error_set(...)                                                                             \
    ({                                                                                             \
        error_set(__VA_ARGS__);                                                                    \
        -1;                                                                                        \
    })
#define error_set_errno(...)                                                                       \
    ({                                                                                             \
        error_set_errno(__VA_ARGS__);                                                              \
        -1;                                                                                        \
    })
// Puts "text: " in front of the present message.
int error_prefix(struct error *err, const char *fmt, ...) PRINTF_LIKE(2, 3);
// Moves *from into *to (which may be NULL) and leaves *from empty.
int error_move(struct error *to, struct error *from);
void error_clear(struct error *err);
static inline const char *error_message(const struct error *err)
{
    return err && err->message ? err->message : "unknown error";
}
