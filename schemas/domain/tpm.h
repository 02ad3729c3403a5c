// SPDX-License-Identifier: LGPL-2.1-or-later
// <tpm> of a domain.
#pragma once

#include "schemas/domain/device.h"

enum tpm_model { TPM_MODEL_NONE, TPM_TIS, TPM_CRB };
enum tpm_backend { TPM_BACKEND_NONE, TPM_EMULATOR };
enum tpm_version { TPM_VERSION_NONE, TPM_VERSION_12, TPM_VERSION_20 };
struct domain_tpm {
    struct device dev;
    enum tpm_model model;     // set after fill
    enum tpm_backend backend; // set
    enum tpm_version version; // set after fill
    enum toggle persistent_state;
    bool sha1, sha256, sha384, sha512; // <active_pcr_banks>
};

const char *tpm_model_name(enum tpm_model model);
bool tpm_has_pcr_banks(const struct domain_tpm *tpm); // names the active ones
