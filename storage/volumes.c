// SPDX-License-Identifier: GPL-2.0-or-later
// A pool's table of volumes, sorted by name, and who uses one at the moment.
#include "storage/internal.h"

#include <errno.h>

static const struct state_row volume_states[] = {
    [VOLUME_PRESENT] = {"present", STATE_BIT(VOLUME_BUILDING) | STATE_BIT(VOLUME_CHANGING)},
    [VOLUME_BUILDING] = {"building", STATE_BIT(VOLUME_PRESENT)},
    [VOLUME_CHANGING] = {"changing", STATE_BIT(VOLUME_PRESENT)},
    // Also in the middle of a change: the file is gone, or its pool.
    [VOLUME_REMOVED] = {"removed", STATE_BIT(VOLUME_PRESENT) | STATE_BIT(VOLUME_BUILDING) |
                                       STATE_BIT(VOLUME_CHANGING)},
};

void volume_set_state(struct volume *vol, enum volume_state state)
{
    state_check(volume_states, vol->state, state, "storage volume", vol->name);
    vol->state = state;
}

// Where a volume of that name is or would be.
static size_t place_of(const struct pool *pool, const char *name)
{
    size_t low = 0, high = pool->volumes.n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(pool->volumes.v[middle]->name, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct volume *pool_find_volume(const struct pool *pool, const char *name)
{
    size_t i = place_of(pool, name);
    return i < pool->volumes.n && str_eq(pool->volumes.v[i]->name, name) ? pool->volumes.v[i]
                                                                         : NULL;
}

static struct volume *volume_new(struct pool *pool, struct volume_def *def)
{
    struct volume *vol = NEW(struct volume);
    *vol = (struct volume){.refs = 1, .pool = pool_ref(pool), .name = xstrdup(def->name)};
    vol->def = def;
    return vol;
}

struct volume *volume_add(struct pool *pool, struct volume_def *def)
{
    struct volume *vol = volume_new(pool, def);
    size_t i = place_of(pool, vol->name);
    vec_push(&pool->volumes, vol);
    memmove(&pool->volumes.v[i + 1], &pool->volumes.v[i],
            (pool->volumes.n - 1 - i) * sizeof(*pool->volumes.v));
    pool->volumes.v[i] = vol;
    return vol;
}

void volume_remove(struct volume *vol)
{
    if (vol->state == VOLUME_REMOVED)
        return;
    volume_set_state(vol, VOLUME_REMOVED);
    vec_remove(&vol->pool->volumes, place_of(vol->pool, vol->name));
    volume_unref(vol);
}

struct volume *volume_ref(struct volume *vol)
{
    vol->refs++;
    return vol;
}

void volume_unref(struct volume *vol)
{
    if (--vol->refs > 0)
        return;
    volume_def_destroy(vol->def);
    pool_unref(vol->pool);
    free(vol->name);
    free(vol);
}

void pool_drop_volumes(struct pool *pool)
{
    // Each holds the pool; the caller does, too.
    while (pool->volumes.n)
        volume_remove(pool->volumes.v[pool->volumes.n - 1]);
}

static bool is_in_use(const struct volume *vol)
{
    return vol->state != VOLUME_PRESENT || vol->readers;
}

void volume_set_def(struct volume *vol, struct volume_def *def)
{
    volume_def_destroy(vol->def);
    vol->def = def;
    vol->probed_at = ++vol->pool->probes;
}

void pool_take_scan(struct pool *pool, struct scan_result *r, uint64_t since)
{
    __typeof__(pool->volumes) old = pool->volumes, now = {0};
    size_t o = 0, s = 0;
    while (o < old.n || s < r->volumes.n) {
        int order = o == old.n          ? 1
                    : s == r->volumes.n ? -1
                                        : strcmp(old.v[o]->name, r->volumes.v[s]->name);
        if (order > 0) {
            vec_push(&now, volume_new(pool, r->volumes.v[s++]));
            continue;
        }
        struct volume *vol = old.v[o++];
        struct volume_def *def = order == 0 ? r->volumes.v[s++] : NULL;
        bool keep = is_in_use(vol) || vol->probed_at > since;
        if (keep || def)
            vec_push(&now, vol);
        if (keep) {
            volume_def_destroy(def);
        } else if (def) {
            volume_def_destroy(vol->def);
            vol->def = def;
        } else {
            volume_set_state(vol, VOLUME_REMOVED);
            volume_unref(vol);
        }
    }
    pool->volumes = now;
    vec_finish(&old);
    r->volumes.n = 0;
    scan_finish(r);
}

char *volume_path(const struct volume *vol)
{
    return xstrdup(vol->def->target.path);
}

static int fail_gone(const struct volume *vol, struct error *err)
{
    return error_set(err, ERROR_NO_STORAGE_VOL, AREA_STORAGE,
                     "'%s' is no longer in storage pool '%s'", vol->name, vol->pool->name);
}

int volume_hold(struct volume *vol, bool to_change, struct error *err)
{
    if (vol->state == VOLUME_REMOVED)
        return fail_gone(vol, err);
    if (vol->state == VOLUME_BUILDING)
        return error_set(err, ERROR_OPERATION_INVALID, AREA_STORAGE,
                         "volume '%s' is still being allocated.", vol->name);
    bool changing = vol->state == VOLUME_CHANGING;
    if (changing || (to_change && vol->readers))
        return error_set(err, ERROR_OPERATION_INVALID, AREA_STORAGE,
                         "volume '%s' is still in use: it is "
                         "being %s",
                         vol->name, changing ? "changed" : "copied");
    if (to_change) {
        volume_set_state(vol, VOLUME_CHANGING);
        vol->pool->jobs++;
    } else {
        vol->readers++;
    }
    return 0;
}

void volume_let_go(struct volume *vol, bool to_change)
{
    if (to_change) {
        if (vol->state == VOLUME_CHANGING)
            volume_set_state(vol, VOLUME_PRESENT);
        vol->pool->jobs--;
    } else {
        vol->readers--;
    }
}

int volume_refresh(struct task *t, struct volume *vol, struct error *err)
{
    if (vol->state == VOLUME_REMOVED)
        return fail_gone(vol, err);
    if (vol->state == VOLUME_BUILDING)
        return 0; // what was asked for is all there is to say
    AUTO_FREE char *dir = xstrdup(vol->pool->live->path);
    struct volume_def *def;
    int r = volume_probe_at(t, dir, vol->name, &def);
    if (r < 0)
        return error_set_errno(err, AREA_STORAGE, r, "cannot read volume '%s' of pool '%s' ('%s')",
                               vol->name, vol->pool->name, vol->def->target.path);
    volume_set_def(vol, def);
    return vol->state == VOLUME_REMOVED ? fail_gone(vol, err) : 0;
}
