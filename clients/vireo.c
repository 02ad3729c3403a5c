// SPDX-License-Identifier: LGPL-2.1-or-later
// The command `vireo`: shows what the daemon manages and checks the host it runs on.
#include "base/str.h"
#include "clients/command.h"
#include "clients/text.h"

#include <getopt.h>
#include <stdio.h>

enum { USAGE = 2, TIMEOUT_S = 15, TIMEOUT_MAX_S = 86400 };

enum takes {
    TAKES_NOTHING = 0,
    TAKES_JSON = 1,
    TAKES_NAMES = 2,
    TAKES_IMAGES = 4,
    TAKES_DOMAINS = 8
};

static int command_help(const struct options *o);

static const struct command {
    const char *name;
    unsigned takes; // enum takes
    int (*run)(const struct options *o);
    const char *usage, *help;
} commands[] = {
    {"list", TAKES_JSON | TAKES_NAMES | TAKES_DOMAINS, command_list,
     "list [--json | --name] [DOMAIN...]", "list domains, one a line"},
    {"status", TAKES_DOMAINS, command_status, "status [DOMAIN...]",
     "show the daemon, its host and domains"},
    {"doctor", TAKES_IMAGES, command_doctor, "doctor [--images DIR]",
     "check what keeps domains from starting, and print the fix"},
    {"help", TAKES_NOTHING, command_help, "help", "print this text"},
};

static int command_help(const struct options *o)
{
    (void)o;
    puts("vireo: shows what vireod manages and checks the host it runs on\n"
         "\n"
         "usage: vireo [OPTION]... COMMAND\n");
    for (size_t i = 0; i < ARRAY_LEN(commands); i++)
        printf("  %-36s %s\n", commands[i].usage, commands[i].help);
    puts(
        "\n"
        "  -c, --connect URI      qemu:///system, qemu:///session, either with ?socket=PATH, or the\n"
        "                         path of a socket (default: $LIBVIRT_DEFAULT_URI, else system for\n"
        "                         root and session for others)\n"
        "  -h, --help\n"
        "  -V, --version\n"
        "\n"
        "Exit status: 0 success, 1 failure (doctor: a check failed), 2 wrong usage. See vireo(1).");
    return 0;
}

static int usage(const char *what, const char *value)
{
    AUTO_STRBUF b = {0};
    text_add(&b, value);
    fprintf(stderr, "vireo: %s '%s'; see vireo help\n", what, strbuf_text(&b));
    return USAGE;
}

static const struct command *find(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
        if (str_eq(commands[i].name, name))
            return &commands[i];
    }
    return NULL;
}

static int check_options(const struct command *c, const struct options *o)
{
    if (o->json && !(c->takes & TAKES_JSON))
        return usage("--json is not an option of", c->name);
    if (o->names && !(c->takes & TAKES_NAMES))
        return usage("--name is not an option of", c->name);
    if (o->json && o->names)
        return usage("--json and --name exclude each other in", c->name);
    if (o->images && !(c->takes & TAKES_IMAGES))
        return usage("--images is not an option of", c->name);
    if (o->nargs && !(c->takes & TAKES_DOMAINS))
        return usage("unexpected operand", o->args[0]);
    return 0;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        {"connect", required_argument, NULL, 'c'}, {"timeout", required_argument, NULL, 't'},
        {"json", no_argument, NULL, 'j'},          {"name", no_argument, NULL, 'n'},
        {"images", required_argument, NULL, 'i'},  {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'V'},       {0},
    };
    struct options o = {.connect = getenv("LIBVIRT_DEFAULT_URI"), .timeout_ms = TIMEOUT_S * 1000};
    uint64_t seconds;
    text_init();
    if (o.connect && !*o.connect)
        o.connect = NULL;
    int c;
    while ((c = getopt_long(argc, argv, "c:t:hV", options, NULL)) != -1) {
        switch (c) {
        case 'c':
            o.connect = optarg;
            break;
        case 't':
            if (str_to_u64(optarg, 10, TIMEOUT_MAX_S, &seconds) < 0)
                return usage("--timeout takes seconds, not", optarg);
            o.timeout_ms = (int)seconds * 1000;
            break;
        case 'j':
            o.json = true;
            break;
        case 'n':
            o.names = true;
            break;
        case 'i':
            o.images = optarg;
            break;
        case 'h':
            return command_help(&o);
        case 'V':
            puts("vireo " VIREO_VERSION);
            return 0;
        default:
            fputs("see vireo help\n", stderr);
            return USAGE;
        }
    }
    if (optind == argc) {
        command_help(&o);
        return USAGE;
    }
    const struct command *command = find(argv[optind]);
    if (!command)
        return usage("no such command", argv[optind]);
    o.args = argv + optind + 1;
    o.nargs = argc - optind - 1;
    int wrong = check_options(command, &o);
    return wrong ? wrong : command->run(&o);
}
