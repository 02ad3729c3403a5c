// SPDX-License-Identifier: GPL-2.0-or-later
#include "vireod/options.h"
#include "base/str.h"
#include "vireod/paths.h"

#include <getopt.h>
#include <stdio.h>
#include <unistd.h>

static void print_mode(const char *option, bool system_mode, const char *rule)
{
    struct paths p;
    paths_init(&p, system_mode, NULL, NULL);
    printf("  %-10s %s%s%s\n", option, p.socket, p.socket_ro ? ", read-only " : "",
           p.socket_ro ? p.socket_ro : "");
    if (rule)
        printf("  %-10s   (%s)\n", "", rule);
    printf("  %-10s settings in %s\n", "", p.config_file);
    paths_finish(&p);
}

static void print_help(void)
{
    puts("vireod: runs QEMU/KVM guests and virtual networks for libvirt's clients\n"
         "\n"
         "usage: vireod [OPTION]...\n"
         "\n"
         "  -s, --system           serve the whole host (default for root)\n"
         "  -u, --session          serve this user (default for others)\n"
         "  -l, --listen PATH      this socket instead; PATH-ro beside it for reading only\n"
         "  -r, --root DIR         keep all state below DIR and touch nothing outside\n"
         "  -f, --config FILE      settings from FILE (vireod.conf(5))\n"
         "  -t, --timeout SECONDS  end after this time without client and running guest\n"
         "  -d, --daemon           go to the background once clients are served\n"
         "  -c, --check            check settings and stored documents, then end\n"
         "  -L, --log-level LEVEL  error, warning, info or debug\n"
         "  -h, --help\n"
         "  -V, --version\n"
         "\n"
         "Sockets of the modes:");
    print_mode("--system", true, NULL);
    print_mode("--session", false,
               "$XDG_RUNTIME_DIR/libvirt/libvirt-sock, else ~/.cache/libvirt/libvirt-sock");
    puts("\nConnect with e.g.  virsh -c 'qemu:///session' list --all\n"
         "with --listen      virsh -c 'qemu:///session?socket=PATH' list --all");
}

static int usage_error(const char *what, const char *value)
{
    fprintf(stderr, "vireod: %s '%s'; see vireod --help\n", what, value);
    return 2;
}

int options_parse(struct options *ret, int argc, char **argv)
{
    static const struct option options[] = {
        {"system", no_argument, NULL, 's'},          {"session", no_argument, NULL, 'u'},
        {"listen", required_argument, NULL, 'l'},    {"root", required_argument, NULL, 'r'},
        {"config", required_argument, NULL, 'f'},    {"timeout", required_argument, NULL, 't'},
        {"daemon", no_argument, NULL, 'd'},          {"check", no_argument, NULL, 'c'},
        {"log-level", required_argument, NULL, 'L'}, {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'V'},         {0},
    };
    *ret = (struct options){.system_mode = geteuid() == 0};
    int c;
    while ((c = getopt_long(argc, argv, "sul:r:f:t:dcL:hV", options, NULL)) != -1) {
        switch (c) {
        case 's':
            ret->system_mode = true;
            break;
        case 'u':
            ret->system_mode = false;
            break;
        case 'l':
            ret->listen = optarg;
            break;
        case 'r':
            ret->root = optarg;
            break;
        case 'f':
            ret->config = optarg;
            break;
        case 't':
            if (str_to_u64(optarg, 10, UINT32_MAX, &ret->timeout_s) < 0)
                return usage_error("--timeout takes seconds, not", optarg);
            break;
        case 'd':
            ret->background = true;
            break;
        case 'c':
            ret->check = true;
            break;
        case 'L':
            if (log_level_parse(optarg, &ret->log_level) < 0)
                return usage_error("--log-level takes error, warning, info or debug, not", optarg);
            ret->has_log_level = true;
            break;
        case 'h':
            print_help();
            return 0;
        case 'V':
            puts("vireod " VIREO_VERSION);
            return 0;
        default:
            fputs("see vireod --help\n", stderr);
            return 2;
        }
    }
    if (optind < argc)
        return usage_error("there is no argument", argv[optind]);
    if (ret->root && *ret->root != '/')
        return usage_error("--root takes a path from /, not", ret->root);
    if (ret->listen && *ret->listen != '/')
        return usage_error("--listen takes a path from /, not", ret->listen);
    return -1;
}
