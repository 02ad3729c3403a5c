// SPDX-License-Identifier: GPL-2.0-or-later
// What sound devices play to. QEMU names it by its id, which is no alias.
#include "qemu/internal.h"

static int build(struct out *o, const struct device *dev)
{
    static const char *const drivers[] = {
        [AUDIO_NONE] = "none",     [AUDIO_SPICE] = "spice", [AUDIO_ALSA] = "alsa",
        [AUDIO_PULSEAUDIO] = "pa", [AUDIO_JACK] = "jack",   [AUDIO_OSS] = "oss",
        [AUDIO_SDL] = "sdl",       [AUDIO_FILE] = "wav"};
    const struct domain_audio *a = (const struct domain_audio *)dev;
    struct json_object *j = json_object_new_object();
    put_printf(j, "id", "audio%llu", (unsigned long long)a->id);
    put_str(j, "driver", drivers[a->type == AUDIO_NONE_GIVEN ? AUDIO_NONE : a->type]);
    put_opt(j, "timer-period", a->timer_period);
    if (a->type == AUDIO_PULSEAUDIO)
        put_str_opt(j, "server", a->server_name);
    if (a->type == AUDIO_FILE)
        put_str_opt(j, "path", a->path);
    out_json(o, "-audiodev", j);
    return 0;
}

static bool is_meant(const struct device *dev, const struct device *wanted)
{
    return ((const struct domain_audio *)dev)->id == ((const struct domain_audio *)wanted)->id;
}

const struct device_class audio_class = {
    .order = {[ORDER_BUILD] = 100},
    .build = build,
    .is_meant = is_meant,
};
