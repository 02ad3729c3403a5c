// SPDX-License-Identifier: LGPL-2.1-or-later
// <tpm>.
#include "schemas/domain/internal.h"

static DOC_ENUM_VALUES(tpm_model_values,
                       "tpm-spapr spapr-tpm-proxy", [TPM_TIS] = "tpm-tis", [TPM_CRB] = "tpm-crb");
static DOC_ENUM_VALUES(tpm_backend_values, "passthrough external", [TPM_EMULATOR] = "emulator");
static DOC_ENUM_VALUES(tpm_version_values,
                       NULL, [TPM_VERSION_12] = "1.2", [TPM_VERSION_20] = "2.0");

#define S struct domain_tpm
static const struct doc_row banks_rows[] = {
    D_FLAG("sha1", sha1),
    D_FLAG("sha256", sha256),
    D_FLAG("sha384", sha384),
    D_FLAG("sha512", sha512),
};
static const struct doc_type banks_doc = DOC_TYPE("tpmPcrBanks", S, banks_rows);
static const struct doc_row backend_rows[] = {
    D_ENUM(ATTR, "type", backend, &tpm_backend_values, .flags = DOC_REQUIRED),
    D_ENUM(ATTR, "version", version, &tpm_version_values),
    D_YESNO(ATTR, "persistent_state", persistent_state),
    D_ELEM("active_pcr_banks", &banks_doc),
};
static const struct doc_type backend_doc = DOC_TYPE("tpmBackend", S, backend_rows);
static const struct doc_row tpm_rows[] = {
    D_ENUM(ATTR, "model", model, &tpm_model_values),
    D_ELEM("backend", &backend_doc, .flags = DOC_REQUIRED),
    D_INCLUDE(&device_tail_doc, dev),
};

static void fill_tpms(const struct domain_fill *f)
{
    VEC_FOREACH (it, &f->def->tpms) {
        struct domain_tpm *tpm = *it;
        if (tpm->model == TPM_MODEL_NONE)
            tpm->model = TPM_TIS;
        if (tpm->version == TPM_VERSION_NONE)
            tpm->version = tpm->model == TPM_TIS ? TPM_VERSION_12 : TPM_VERSION_20;
        if (tpm->persistent_state == TOGGLE_NO)
            tpm->persistent_state = TOGGLE_UNSET;
    }
}

static int check_tpm(const struct domain_def *def, const struct device *dev, struct error *err)
{
    const struct domain_tpm *tpm = (const struct domain_tpm *)dev;
    if (def->tpms.v[0] != tpm)
        return device_fail(def, dev, ERROR_CONFIG_UNSUPPORTED, err,
                           "only a single TPM device is supported");
    if (tpm->version == TPM_VERSION_12 && tpm->model == TPM_CRB)
        return device_fail(def, dev, ERROR_CONFIG_UNSUPPORTED, err,
                           "TPM 1.2 has no interface 'tpm-crb'; use model='tpm-tis' or "
                           "version='2.0'");
    if (tpm->version == TPM_VERSION_12 && tpm_has_pcr_banks(tpm))
        return device_fail(def, dev, ERROR_XML, err,
                           "<active_pcr_banks/> requires TPM version '2.0'");
    return 0;
}

const struct device_schema tpm_schema = {
    .doc = DEVICE_DOC("tpm", S, tpm_rows, DEVICE_TPM),
    .fill = fill_tpms,
    .check = check_tpm,
};
#undef S

const char *tpm_model_name(enum tpm_model model)
{
    return doc_enum_name(&tpm_model_values, model);
}

bool tpm_has_pcr_banks(const struct domain_tpm *tpm)
{
    return tpm->sha1 || tpm->sha256 || tpm->sha384 || tpm->sha512;
}
