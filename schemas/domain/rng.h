// SPDX-License-Identifier: LGPL-2.1-or-later
// <rng> of a domain.
#pragma once

#include "schemas/domain/device.h"

enum rng_backend { RNG_BACKEND_NONE, RNG_BACKEND_RANDOM, RNG_BACKEND_EGD, RNG_BACKEND_BUILTIN };
struct domain_rng {
    struct device dev;
    char *model; // "virtio", ...
    struct opt_uint rate_bytes, rate_period_ms;
    enum rng_backend backend;
    char *path; // random: the device's name
    struct virtio_options virtio;
};
