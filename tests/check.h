// SPDX-License-Identifier: GPL-2.0-or-later
// For unit tests: checks that print what they found, and a list of tests run in order.
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(cond)                                                                                \
    do {                                                                                           \
        if (!(cond)) {                                                                             \
            fprintf(stderr, "%s:%d: %s: not true: %s\n", __FILE__, __LINE__, __func__, #cond);     \
            exit(1);                                                                               \
        }                                                                                          \
    } while (0)

#define CHECK_INT(got, want)                                                                       \
    do {                                                                                           \
        long long got_ = (long long)(got), want_ = (long long)(want);                              \
        if (got_ != want_) {                                                                       \
            fprintf(stderr, "%s:%d: %s: %s is %lld, not %lld\n", __FILE__, __LINE__, __func__,     \
                    #got, got_, want_);                                                            \
            exit(1);                                                                               \
        }                                                                                          \
    } while (0)

#define CHECK_STR(got, want)                                                                       \
    do {                                                                                           \
        const char *got_ = (got), *want_ = (want);                                                 \
        if (!got_ || strcmp(got_, want_) != 0) {                                                   \
            fprintf(stderr, "%s:%d: %s: %s is\n  \"%s\"\nnot\n  \"%s\"\n", __FILE__, __LINE__,     \
                    __func__, #got, got_ ? got_ : "(null)", want_);                                \
            exit(1);                                                                               \
        }                                                                                          \
    } while (0)

#define CHECK_CONTAINS(got, part)                                                                  \
    do {                                                                                           \
        const char *got_ = (got), *part_ = (part);                                                 \
        if (!got_ || !strstr(got_, part_)) {                                                       \
            fprintf(stderr, "%s:%d: %s: %s is\n  \"%s\"\nand lacks\n  \"%s\"\n", __FILE__,         \
                    __LINE__, __func__, #got, got_ ? got_ : "(null)", part_);                      \
            exit(1);                                                                               \
        }                                                                                          \
    } while (0)

// The call must succeed; prints the struct error otherwise. For modules with base/error.h.
#define CHECK_OK(call, err)                                                                        \
    do {                                                                                           \
        if ((call) != 0) {                                                                         \
            fprintf(stderr, "%s:%d: %s: %s\n", __FILE__, __LINE__, #call, error_message(err));     \
            exit(1);                                                                               \
        }                                                                                          \
    } while (0)

#if defined(__SANITIZE_ADDRESS__)
#define WITH_ASAN // gcc
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WITH_ASAN // clang
#endif
#endif

// How many times longer than usual things may take here: with AddressSanitizer, or as VIREO_SLOW
// says, which an emulated machine sets.
static inline unsigned slower(void)
{
    const char *slow = getenv("VIREO_SLOW");
#ifdef WITH_ASAN
    enum { USUAL = 4 };
#else
    enum { USUAL = 1 };
#endif
    return slow ? (unsigned)atoi(slow) : USUAL;
}

#define RUN(test)                                                                                  \
    do {                                                                                           \
        test();                                                                                    \
        printf("ok %s\n", #test);                                                                  \
        fflush(stdout);                                                                            \
    } while (0)

// The test cannot run here; prints what is missing. ctest shows it as skipped.
#define SKIP(reason)                                                                               \
    do {                                                                                           \
        printf("skipped: %s\n", reason);                                                           \
        exit(77);                                                                                  \
    } while (0)
