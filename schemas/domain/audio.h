// SPDX-License-Identifier: LGPL-2.1-or-later
// <audio> of a domain: where the sound of its devices goes on the host.
#pragma once

#include "schemas/domain/device.h"

enum audio_type {
    AUDIO_NONE_GIVEN,
    AUDIO_NONE,
    AUDIO_SPICE,
    AUDIO_ALSA,
    AUDIO_PULSEAUDIO,
    AUDIO_JACK,
    AUDIO_OSS,
    AUDIO_SDL,
    AUDIO_FILE
};
struct domain_audio {
    struct device dev;
    uint64_t id; // from 1
    enum audio_type type;
    struct opt_uint timer_period;
    char *server_name; // pulseaudio
    char *path;        // file
};
