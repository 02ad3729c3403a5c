// SPDX-License-Identifier: LGPL-2.1-or-later
// <rng>.
#include "schemas/domain/internal.h"

static DOC_ENUM_VALUES(rng_backend_values,
                       "egd", [RNG_BACKEND_RANDOM] = "random", [RNG_BACKEND_BUILTIN] = "builtin");

#define S struct domain_rng
static const struct doc_row rate_rows[] = {
    D_UINT(ATTR, "bytes", rate_bytes, 1, 0xffffffff, .flags = DOC_REQUIRED),
    D_UINT(ATTR, "period", rate_period_ms, 1, 0xffffffff, .unit = "milliseconds"),
};
static const struct doc_type rate_doc = DOC_TYPE("rngRate", S, rate_rows);
static const struct doc_row backend_rows[] = {
    D_ENUM(ATTR, "model", backend, &rng_backend_values, .flags = DOC_REQUIRED),
    D_TOKEN(TEXT, NULL, path),
};
static const struct doc_type backend_doc = DOC_TYPE("rngBackend", S, backend_rows);
static const struct doc_row rng_driver_rows[] = {
    D_INCLUDE(&virtio_options_doc, virtio),
};
static const struct doc_type rng_driver_doc = DOC_TYPE("rngDriver", S, rng_driver_rows);
static const struct doc_row rng_rows[] = {
    D_TOKEN(ATTR, "model", model, .flags = DOC_REQUIRED),
    D_ELEM("rate", &rate_doc),
    D_ELEM("backend", &backend_doc, .flags = DOC_REQUIRED),
    D_ELEM("driver", &rng_driver_doc),
    D_INCLUDE(&device_tail_doc, dev),
};

static void fill_rngs(const struct domain_fill *f)
{
    VEC_FOREACH (it, &f->def->rngs) {
        if ((*it)->backend == RNG_BACKEND_RANDOM && !(*it)->path)
            (*it)->path = xstrdup("/dev/urandom");
    }
}

static int check_rng(const struct domain_def *def, const struct device *dev, struct error *err)
{
    const struct domain_rng *rng = (const struct domain_rng *)dev;
    return device_check_virtio_model(def, dev, rng->model, err);
}

const struct device_schema rng_schema = {
    .doc = DEVICE_DOC("rng", S, rng_rows, DEVICE_RNG),
    .fill = fill_rngs,
    .check = check_rng,
};
#undef S
