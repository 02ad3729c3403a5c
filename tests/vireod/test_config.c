// SPDX-License-Identifier: GPL-2.0-or-later
// Settings, places and the command line.
#include <stddef.h>
#include <getopt.h>
#include "base/file.h"
#include "base/str.h"
#include "vireod/config.h"
#include "vireod/options.h"
#include "vireod/paths.h"
#include "supervisor/state.h"
#include "tests/check.h"

static void test_defaults(void)
{
    AUTO_ERROR err = ERROR_INIT;
    struct config c;
    config_init(&c);
    for (int i = 0; i < 2; i++) {
        CHECK_STR(c.unix_sock_group, "libvirt");
        CHECK_STR(c.qemu_user, "");
        CHECK_STR(c.emulator, "");
        CHECK_STR(c.firewall_backend, "auto");
        CHECK_INT(c.max_clients, 5000);
        CHECK_INT(c.log_level, LOG_LEVEL_INFO);
        CHECK(c.start_networks_on_demand);
        CHECK_INT(config_parse(&c, "\n# nothing\n\t #=\n\r\n", "x", &err), 0);
    }
    config_finish(&c);
    config_finish(&c);
}

static void test_every_setting(void)
{
    AUTO_ERROR err = ERROR_INIT;
    struct config c;
    config_init(&c);
    CHECK_INT(config_parse(&c,
                           "unix_sock_group = \"\"\n"
                           "qemu_user=\"some one\" # with a space\r\n"
                           "  qemu_group\t= kvm# who\n"
                           "emulator = \"/opt/a#b/qemu\"\n"
                           "firewall_backend = nftables\n"
                           "max_clients = 1\n"
                           "max_anonymous_clients = 1000000\n"
                           "max_client_requests = 7\n"
                           "client_backlog_bytes = 4294967296\n"
                           "keepalive_interval_s = 0\n"
                           "keepalive_count = 9\n"
                           "guest_log_max_bytes = 4096\n"
                           "log_level = debug\n"
                           "start_networks_on_demand = no",
                           "x", &err),
              0);
    CHECK_STR(c.unix_sock_group, "");
    CHECK_STR(c.qemu_user, "some one");
    CHECK_STR(c.qemu_group, "kvm");
    CHECK_STR(c.emulator, "/opt/a#b/qemu");
    CHECK_STR(c.firewall_backend, "nftables");
    CHECK_INT(c.max_clients, 1);
    CHECK_INT(c.max_anonymous_clients, 1000000);
    CHECK_INT(c.max_client_requests, 7);
    CHECK_INT(c.client_backlog_bytes, UINT64_C(1) << 32);
    CHECK_INT(c.keepalive_interval_s, 0);
    CHECK_INT(c.keepalive_count, 9);
    CHECK_INT(c.guest_log_max_bytes, 4096);
    CHECK_INT(c.log_level, LOG_LEVEL_DEBUG);
    CHECK(!c.start_networks_on_demand);
    config_finish(&c);
}

static void test_wrong_settings(void)
{
    static const struct {
        const char *line, *why;
    } wrong[] = {
        {"max_clients = 0", "max_clients must be a number from 1 to 1000000"},
        {"max_clients = 1000001", "max_clients must be a number from 1 to 1000000"},
        {"max_clients =", "max_clients must be a number"},
        {"max_clients = -1", "max_clients must be a number"},
        {"max_clients = 5 6", "max_clients must be a number"},
        {"max_clients = 0x10", "max_clients must be a number"},
        {"max_clients = 99999999999999999999999", "max_clients must be a number"},
        {"max_anonymous_clients = x", "max_anonymous_clients must be"},
        {"max_client_requests = 1001", "max_client_requests must be a number from 1 to 1000"},
        {"client_backlog_bytes = 65535", "must be a number from 65536 to 4294967296"},
        {"keepalive_interval_s = 86401", "must be a number from 0 to 86400"},
        {"keepalive_count = 0", "must be a number from 1 to 1000"},
        {"guest_log_max_bytes = 4095", "must be a number from 4096 to 1099511627776"},
        {"firewall_backend = ipfw", "firewall_backend must be auto, nftables or iptables"},
        {"log_level = loud", "log_level must be error, warning, info or debug"},
        {"start_networks_on_demand = 1", "start_networks_on_demand must be yes or no"},
        {"max_client = 5", "names 'max_client', which is no setting; vireod.conf(5)"},
        {"= 5", "names '', which is no setting"},
        {"\001\377 = 5", "names '\\x01\\xff', which is no setting"},
        {"max_clients", "is not of the form 'setting = value'"},
        {"qemu_user = \"open", "has a quoted text that does not end"},
        {"qemu_user = \"a\" b", "has something after its quoted text"},
    };
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        AUTO_ERROR err = ERROR_INIT;
        struct config c;
        config_init(&c);
        // The lines before and after it are not taken either.
        AUTO_FREE char *text =
            xasprintf("qemu_user = me\nlog_level = error\n\n%s\nmax_clients = 3\n", wrong[i].line);
        CHECK_INT(config_parse(&c, text, "/etc/vireo/vireod.conf", &err), -1);
        CHECK_INT(err.code, ERROR_CONF_SYNTAX);
        CHECK_CONTAINS(err.message, "/etc/vireo/vireod.conf:4: ");
        CHECK_CONTAINS(err.message, wrong[i].why);
        CHECK_STR(c.qemu_user, "");
        CHECK_INT(c.log_level, LOG_LEVEL_INFO);
        CHECK_INT(c.max_clients, 5000);
        config_finish(&c);
    }
}

static void test_load(void)
{
    AUTO_ERROR err = ERROR_INIT;
    char dir[] = "/tmp/vireo-settings-XXXXXX";
    CHECK(mkdtemp(dir));
    AUTO_FREE char *path = path_join(dir, "vireod.conf");
    struct config c;
    config_init(&c);
    CHECK_INT(config_load(&c, path, false, &err), 0);
    CHECK_INT(config_load(&c, path, true, &err), -1);
    CHECK_CONTAINS(err.message, path);
    CHECK_CONTAINS(err.message, "No such file");
    CHECK_INT(file_write_volatile(path, "max_clients = 7\n", 16, 0600), 0);
    CHECK_INT(config_load(&c, path, true, &err), 0);
    CHECK_INT(c.max_clients, 7);
    // What comes after a NUL would go unseen.
    CHECK_INT(file_write_volatile(path, "max_clients = 8\n\0nonsense\n", 26, 0600), 0);
    CHECK_INT(config_load(&c, path, true, &err), -1);
    CHECK_CONTAINS(err.message, "NUL");
    CHECK_INT(c.max_clients, 7);
    CHECK_INT(config_load(&c, dir, true, &err), -1);
    config_finish(&c);
    CHECK_INT(dir_remove_all(dir), 0);
}

// By mode, by the environment, by options.
static void test_paths(void)
{
    static const char *const names[] = {"HOME", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME",
                                        "XDG_DATA_HOME", "XDG_CACHE_HOME"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        unsetenv(names[i]);
    struct paths p;
    paths_init(&p, true, NULL, NULL);
    CHECK_STR(p.socket, "/run/libvirt/libvirt-sock");
    CHECK_STR(p.socket_ro, "/run/libvirt/libvirt-sock-ro");
    CHECK_STR(p.config_file, "/etc/vireo/vireod.conf");
    CHECK_STR(p.config_dir, "/etc/vireo");
    CHECK_STR(p.run_dir, "/run/vireo");
    CHECK_STR(p.state_dir, "/var/lib/vireo");
    CHECK_STR(p.log_dir, "/var/log/vireo");
    CHECK_STR(p.cache_dir, "/var/cache/vireo");
    paths_finish(&p);
    paths_finish(&p);

    setenv("HOME", "/home/me", 1);
    paths_init(&p, false, NULL, NULL);
    CHECK_STR(p.socket, "/home/me/.cache/libvirt/libvirt-sock");
    CHECK(!p.socket_ro);
    CHECK_STR(p.config_file, "/home/me/.config/vireo/vireod.conf");
    CHECK_STR(p.state_dir, "/home/me/.local/share/vireo");
    CHECK_STR(p.run_dir, "/home/me/.cache/vireo/run");
    CHECK_STR(p.log_dir, "/home/me/.cache/vireo/log");
    paths_finish(&p);

    setenv("XDG_RUNTIME_DIR", "/run/user/1", 1);
    setenv("XDG_CONFIG_HOME", "/c", 1);
    setenv("XDG_DATA_HOME", "relative/is/not/taken", 1);
    setenv("XDG_CACHE_HOME", "", 1);
    paths_init(&p, false, NULL, NULL);
    CHECK_STR(p.socket, "/run/user/1/libvirt/libvirt-sock");
    CHECK_STR(p.run_dir, "/run/user/1/vireo/run");
    CHECK_STR(p.config_dir, "/c/vireo");
    CHECK_STR(p.state_dir, "/home/me/.local/share/vireo");
    CHECK_STR(p.cache_dir, "/home/me/.cache/vireo");
    paths_finish(&p);

    // Everything below the root, whatever the mode and the surroundings.
    for (int system_mode = 0; system_mode < 2; system_mode++) {
        paths_init(&p, system_mode, "/r", NULL);
        const char *all[] = {p.socket,    p.config_file, p.config_dir, p.run_dir,
                             p.state_dir, p.log_dir,     p.cache_dir};
        for (size_t i = 0; i < ARRAY_LEN(all); i++)
            CHECK(str_starts(all[i], "/r/"));
        paths_finish(&p);
    }
    paths_init(&p, false, "/r", "/s/sock");
    CHECK_STR(p.socket, "/s/sock");
    CHECK_STR(p.socket_ro, "/s/sock-ro");
    paths_finish(&p);
}

static int parse(struct options *o, const char *a, const char *b, const char *c)
{
    char *argv[] = {"vireod", (char *)a, (char *)b, (char *)c, NULL};
    int argc = 1 + (a != NULL) + (b != NULL) + (c != NULL);
    optind = 0;
    return options_parse(o, argc, argv);
}

static void test_options(void)
{
    struct options o;
    CHECK_INT(parse(&o, NULL, NULL, NULL), -1);
    CHECK_INT(o.system_mode, geteuid() == 0);
    CHECK(!o.listen && !o.root && !o.config && o.timeout_s == 0 && !o.background && !o.check);
    CHECK_INT(parse(&o, "--session", "--timeout", "30"), -1);
    CHECK(!o.system_mode && o.timeout_s == 30);
    CHECK_INT(parse(&o, "-s", "--listen", "/x/sock"), -1);
    CHECK(o.system_mode);
    CHECK_STR(o.listen, "/x/sock");
    CHECK_INT(parse(&o, "-r/x", "-dc", "--log-level=debug"), -1);
    CHECK_STR(o.root, "/x");
    CHECK(o.background && o.check && o.has_log_level && o.log_level == LOG_LEVEL_DEBUG);
    CHECK_INT(parse(&o, "-f", "/x/conf", NULL), -1);
    CHECK_STR(o.config, "/x/conf");
    // What is wrong is said, and ends it.
    CHECK_INT(parse(&o, "--timeout", "soon", NULL), 2);
    CHECK_INT(parse(&o, "--timeout", "-1", NULL), 2);
    CHECK_INT(parse(&o, "--timeout", NULL, NULL), 2);
    CHECK_INT(parse(&o, "--root", "x", NULL), 2);
    CHECK_INT(parse(&o, "--listen", "x", NULL), 2);
    CHECK_INT(parse(&o, "-L", "loud", NULL), 2);
    CHECK_INT(parse(&o, "--nonsense", NULL, NULL), 2);
    CHECK_INT(parse(&o, "guest", NULL, NULL), 2);
    CHECK_INT(parse(&o, "--help", NULL, NULL), 0);
    CHECK_INT(parse(&o, "--version", NULL, NULL), 0);
}

// The table of states has a name for every move, each its own, and every state can be left.
static void test_moves(void)
{
    unsigned left = 0, reached = 0;
    for (int i = 0; i < DOMAIN_MOVE_COUNT; i++) {
        const struct domain_move_row *row = &domain_moves[i];
        CHECK(row->name && *row->name);
        CHECK(row->from != 0 && row->from < 1u << DOMAIN_STATE_COUNT);
        CHECK(row->to < DOMAIN_STATE_COUNT);
        for (int j = 0; j < i; j++)
            CHECK(strcmp(row->name, domain_moves[j].name) != 0);
        // The names are values of XML attributes.
        CHECK_INT(strspn(row->name, "abcdefghijklmnopqrstuvwxyz-"), strlen(row->name));
        reached |= 1u << row->to;
        if (row->to == DOMAIN_SHUTOFF)
            left |= row->from;
    }
    CHECK_INT(reached, (1u << DOMAIN_STATE_COUNT) - 1);
    CHECK_INT(left, (1u << DOMAIN_STATE_COUNT) - 1);
    // A process that is gone can't do anything but be launched.
    for (int i = 0; i < DOMAIN_MOVE_COUNT; i++) {
        bool from_off = domain_moves[i].from & (1u << DOMAIN_SHUTOFF);
        CHECK(!from_off || domain_moves[i].to == DOMAIN_SHUTOFF || i == MOVE_LAUNCHED);
    }
}

int main(void)
{
    RUN(test_defaults);
    RUN(test_every_setting);
    RUN(test_wrong_settings);
    RUN(test_load);
    RUN(test_paths);
    RUN(test_options);
    RUN(test_moves);
    return 0;
}
