// SPDX-License-Identifier: LGPL-2.1-or-later
// <sound> of a domain.
#pragma once

#include "base/vec.h"
#include "schemas/domain/device.h"

struct sound_codec {
    char *type; // "duplex", "micro", "output"
};
struct domain_sound {
    struct device dev;
    char *model; // "ich6", "ich9", "ac97", "es1370", "sb16", "usb", "pcspk"
    VEC(struct sound_codec *) codecs;
    struct opt_uint audio; // <audio id=>
};
