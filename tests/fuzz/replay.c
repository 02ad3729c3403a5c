// SPDX-License-Identifier: GPL-2.0-or-later
// Replaces libFuzzer: runs each file of the corpus directories once.
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include "base/file.h"
#include "tests/check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int main(int argc, char **argv)
{
    size_t n = 0;
    for (int i = 1; i < argc; i++) {
        DIR *dir = opendir(argv[i]);
        CHECK(dir);
        for (struct dirent *e; (e = readdir(dir));) {
            if (e->d_type != DT_REG)
                continue;
            char path[4096], *data;
            size_t len;
            snprintf(path, sizeof(path), "%s/%s", argv[i], e->d_name);
            CHECK_INT(file_read(path, 1 << 26, &data, &len), 0);
            LLVMFuzzerTestOneInput((const uint8_t *)data, len);
            free(data);
            n++;
        }
        closedir(dir);
    }
    CHECK(n > 0);
    printf("%zu inputs\n", n);
    return 0;
}
