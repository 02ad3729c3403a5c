// SPDX-License-Identifier: GPL-2.0-or-later
// The content of a volume, to and from a client.
#include "api/storage.h"
#include "rpc/stream.h"

static int download(struct task *t, struct stream *s, void *content, struct error *err)
{
    struct volume_piece p;
    for (;;) {
        if (volume_read(t, content, &p, err) < 0)
            return -1;
        if (!p.len)
            return 0;
        if (p.hole ? stream_send_hole(t, s, (int64_t)p.len, err) < 0
                   : stream_send(t, s, p.data, p.len, err) < 0)
            return -1;
    }
}

static int upload(struct task *t, struct stream *s, void *content, struct error *err)
{
    for (;;) {
        struct stream_chunk chunk;
        if (stream_receive(t, s, TASK_FOREVER, &chunk) < 0 || chunk.event == STREAM_OVER)
            return 0;
        if (chunk.event == STREAM_FINISHED) // the reply follows when all is on the disk
            return volume_finish(t, content, err);
        bool hole = chunk.event == STREAM_HOLE;
        struct volume_piece p = {chunk.data, hole ? (uint64_t)chunk.hole : chunk.len, hole};
        if (volume_write(t, content, &p, err) < 0)
            return -1;
    }
}

static void release(void *content)
{
    volume_close(content);
}

int api_storage_vol_upload(struct call *call, struct volume *vol,
                           const struct wire_storage_vol_upload_args *args, struct error *err)
{
    bool sparse = args->flags & VIR_STORAGE_VOL_UPLOAD_SPARSE_STREAM;
    struct volume_range range = {args->offset, args->length, true, sparse};
    struct volume_content *c;
    return volume_open(call->task, vol, &range, &c, err) < 0
               ? -1
               : stream_open(call, upload, c, release, err);
}

int api_storage_vol_download(struct call *call, struct volume *vol,
                             const struct wire_storage_vol_download_args *args, struct error *err)
{
    bool sparse = args->flags & VIR_STORAGE_VOL_DOWNLOAD_SPARSE_STREAM;
    struct volume_range range = {args->offset, args->length, false, sparse};
    struct volume_content *c;
    return volume_open(call->task, vol, &range, &c, err) < 0
               ? -1
               : stream_open(call, download, c, release, err);
}
