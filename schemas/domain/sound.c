// SPDX-License-Identifier: LGPL-2.1-or-later
// <sound>.
#include "schemas/domain/internal.h"

#define S struct sound_codec
static const struct doc_row codec_rows[] = {
    D_TOKEN(ATTR, "type", type, .flags = DOC_REQUIRED),
};
static const struct doc_type codec_doc = DOC_TYPE("soundCodec", S, codec_rows);
#undef S
#define S struct domain_sound
static const struct doc_row sound_audio_rows[] = {
    D_UINT(ATTR, "id", audio, 1, 0xffffffff, .flags = DOC_REQUIRED),
};
static const struct doc_type sound_audio_doc = DOC_TYPE("soundAudio", S, sound_audio_rows);
static const struct doc_row sound_rows[] = {
    D_TOKEN(ATTR, "model", model, .flags = DOC_REQUIRED),
    D_LIST("codec", &codec_doc, codecs),
    D_ELEM("audio", &sound_audio_doc),
    D_INCLUDE(&device_tail_doc, dev),
};
const struct device_schema sound_schema = {
    .doc = DEVICE_DOC("sound", S, sound_rows, DEVICE_SOUND),
};
#undef S
