// SPDX-License-Identifier: GPL-2.0-or-later
// A network document from anywhere: whatever is accepted is written as something that is accepted
// again and says the same.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/log.h"
#include "base/alloc.h"
#include "schemas/network/def.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    log_set_level(LOG_LEVEL_ERROR); // not a line for all that is ignored
    struct network_def *def = network_def_load((const char *)data, size, 0, NULL);
    if (!def)
        return 0;
    AUTO_FREE char *text = network_def_format(def, 0);
    AUTO_ERROR err = ERROR_INIT;
    struct network_def *again = network_def_load(text, strlen(text), 0, &err);
    AUTO_FREE char *second = again ? network_def_format(again, 0) : NULL;
    if (!second || strcmp(text, second) != 0) {
        fprintf(stderr, "written as\n%s\nand then %s\n", text, second ? second : err.message);
        abort();
    }
    // An update leaves a good definition good.
    for (unsigned section = 0; section < NETWORK_SECTION_COUNT; section++) {
        static const char *const xml[NETWORK_SECTION_COUNT] = {
            [NETWORK_SECTION_IP_DHCP_HOST] = "<host name='fuzz' ip='192.168.122.77'/>",
            [NETWORK_SECTION_IP_DHCP_RANGE] = "<range start='192.168.122.7' end='192.168.122.8'/>",
            [NETWORK_SECTION_FORWARD_INTERFACE] = "<interface dev='eth9'/>",
            [NETWORK_SECTION_PORTGROUP] = "<portgroup name='fuzz' default='yes'/>",
            [NETWORK_SECTION_DNS_HOST] = "<host ip='1.2.3.4'><hostname>fuzz</hostname></host>",
            [NETWORK_SECTION_DNS_TXT] = "<txt name='fuzz' value='v'/>",
            [NETWORK_SECTION_DNS_SRV] = "<srv service='fuzz' protocol='tcp'/>",
        };
        for (unsigned command = 0; xml[section] && command < NETWORK_COMMAND_COUNT; command++) {
            network_def_update(again, section, command, -1, xml[section], NULL);
            if (network_def_validate(again, &err) < 0) {
                fprintf(stderr, "section %u, command %u: %s\n", section, command, err.message);
                abort();
            }
        }
    }
    network_def_destroy(again);
    network_def_destroy(def);
    return 0;
}
