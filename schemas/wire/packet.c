// SPDX-License-Identifier: LGPL-2.1-or-later
#include "schemas/wire/packet.h"

int packet_parse(const void *data, size_t len, struct packet_header *h)
{
    struct xdr_reader r = {.p = data, .end = (const uint8_t *)data + len};
    *h = (struct packet_header){0};
    if (xdr_get_u32(&r, &h->length) < 0)
        return 0;
    if (h->length < WIRE_LENGTH_WORD_MIN || h->length > WIRE_LENGTH_WORD_MAX)
        return -1;
    if (len < h->length)
        return 0;
    uint32_t procedure = 0, type = 0, status = 0;
    xdr_get_u32(&r, &h->program);
    xdr_get_u32(&r, &h->version);
    xdr_get_u32(&r, &procedure);
    xdr_get_u32(&r, &type);
    xdr_get_u32(&r, &h->serial);
    xdr_get_u32(&r, &status);
    h->procedure = (int32_t)procedure;
    h->type = (int32_t)type;
    h->status = (int32_t)status;
    return 1;
}

void packet_begin(struct xdr_writer *w, const struct packet_header *h)
{
    xdr_put_u32(w, 0);
    xdr_put_u32(w, h->program);
    xdr_put_u32(w, h->version);
    xdr_put_u32(w, (uint32_t)h->procedure);
    xdr_put_u32(w, (uint32_t)h->type);
    xdr_put_u32(w, h->serial);
    xdr_put_u32(w, (uint32_t)h->status);
}

int packet_end(struct xdr_writer *w)
{
    xdr_set_u32(w, 0, (uint32_t)w->len);
    return w->failed ? -1 : 0;
}
