// SPDX-License-Identifier: GPL-2.0-or-later
// Errors on the wire: codes and prefixes.
#include "rpc/wire_error.h"
#include "tests/check.h"

static void every_error_has_a_code(void)
{
    for (int i = ERROR_INTERNAL; i < ERROR_CODE_COUNT; i++)
        CHECK(wire_error_code(i) != WIRE_ERR_OK);
    for (int i = AREA_QEMU; i < AREA_COUNT; i++)
        CHECK(wire_error_domain(i) != WIRE_FROM_NONE);
}

// As libvirt: the code says how a text begins. Only unknown flags and system errors begin bare.
static void texts_begin_as_their_code(void)
{
    static const struct {
        enum error_code code;
        const char *text;
    } expected[] = {
        {ERROR_OPERATION_INVALID, "Requested operation is not valid: what"},
        {ERROR_NO_DOMAIN, "Domain not found: what"},
        {ERROR_INVALID_ARG, "invalid argument: what"},
        {ERROR_UNKNOWN_FLAGS, "what"},
        {ERROR_SYSTEM, "what"},
    };
    for (size_t i = 0; i < ARRAY_LEN(expected); i++) {
        AUTO_ERROR err = ERROR_INIT;
        struct arena arena = {0};
        error_set(&err, expected[i].code, AREA_QEMU, "what");
        CHECK_STR(wire_error_make(&err, &arena).message, expected[i].text);
        arena_finish(&arena);
    }
}

int main(void)
{
    RUN(every_error_has_a_code);
    RUN(texts_begin_as_their_code);
    return 0;
}
