// SPDX-License-Identifier: LGPL-2.1-or-later
// <audio>.
#include "schemas/domain/internal.h"

static DOC_ENUM_VALUES(
    audio_type_values, "coreaudio dbus", [AUDIO_NONE] = "none", [AUDIO_SPICE] = "spice",
    [AUDIO_ALSA] = "alsa", [AUDIO_PULSEAUDIO] = "pulseaudio", [AUDIO_JACK] = "jack",
    [AUDIO_OSS] = "oss", [AUDIO_SDL] = "sdl", [AUDIO_FILE] = "file");

#define S struct domain_audio
static const struct doc_row audio_rows[] = {
    D_COUNT(ATTR, "id", id, 1, 0xffffffff, .flags = DOC_REQUIRED),
    D_ENUM(ATTR, "type", type, &audio_type_values, .flags = DOC_TAG | DOC_REQUIRED),
    D_UINT(ATTR, "timerPeriod", timer_period, 1, 0xffffffff, .unit = "microseconds"),
    D_TOKEN(ATTR, "serverName", server_name, .when = DOC_BIT(AUDIO_PULSEAUDIO)),
    D_STR(ATTR, "path", path, .when = DOC_BIT(AUDIO_FILE)),
};

// Where sound goes; libvirt shows it always.
static void fill_audios(const struct domain_fill *f)
{
    struct domain_def *def = f->def;
    if (def->audios.n)
        return;
    bool spice = false;
    for (size_t i = 0; i < def->graphics.n; i++)
        spice |= def->graphics.v[i]->type == GRAPHICS_SPICE;
    struct domain_audio *audio = NEW(struct domain_audio);
    audio->dev.kind = DEVICE_AUDIO;
    audio->id = 1;
    audio->type = spice ? AUDIO_SPICE : AUDIO_NONE;
    vec_push(&def->audios, audio);
}

const struct device_schema audio_schema = {
    .doc =
        DEVICE_DOC("audio", S, audio_rows, DEVICE_AUDIO, DOC_TAGGED(S, type, &audio_type_values)),
    .fill = fill_audios,
};
#undef S
