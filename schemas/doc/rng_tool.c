// SPDX-License-Identifier: LGPL-2.1-or-later
// Build tool: writes the RELAX NG of a document to a file. doc_rng_tool DOCUMENT FILE
#include <stdio.h>
#include "base/str.h"
#include "schemas/domain/def.h"
#include "schemas/network/def.h"
#include "schemas/storage/def.h"

static const struct {
    const char *name;
    char *(*rng)(void);
} documents[] = {
    {"domain", domain_doc_rng},
    {"network", network_doc_rng},
    {"networkport", network_port_doc_rng},
    {"storagepool", pool_doc_rng},
    {"storagevol", volume_doc_rng},
};

int main(int argc, char **argv)
{
    char *text = NULL;
    for (size_t i = 0; argc == 3 && i < ARRAY_LEN(documents); i++) {
        if (str_eq(argv[1], documents[i].name))
            text = documents[i].rng();
    }
    if (!text)
        return 2;
    FILE *f = fopen(argv[2], "w");
    int bad = !f || fputs(text, f) < 0;
    if (f && fclose(f) != 0)
        bad = 1;
    free(text);
    return bad;
}
