// SPDX-License-Identifier: LGPL-2.1-or-later
// Build tool: writes the RELAX NG of a document to a file. doc_rng_tool FILE
#include <stdio.h>
#include "schemas/domain_def.h"

int main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
    char *text = domain_doc_rng();
    FILE *f = fopen(argv[1], "w");
    int bad = !f || fputs(text, f) < 0;
    if (f && fclose(f) != 0)
        bad = 1;
    free(text);
    return bad;
}
