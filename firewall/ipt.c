// SPDX-License-Identifier: GPL-2.0-or-later
// How this works
//
// In each legacy table: INPUT -> VIREO_INP -> VIREO_INP_virbr0, and likewise for the other chains.
// A network's part of a table is replaced as a whole: its chains are emptied and filled, missing
// jumps are put in place, then the table is committed, which the kernel does at once or not at all.
// libiptc takes no lock, so that of the iptables tools is taken; a program that ignores it makes
// commit fail with EAGAIN, and the change is made again on what is there then.
#include "firewall/backend.h"
#include "firewall/ipt_entry.h"

#include <fcntl.h>
#include <linux/netfilter/x_tables.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <time.h>

enum {
    LOCK_WAIT_MS = 5000,
    LOCK_RETRY_MS = 2,
    COMMIT_TRIES = 50,
    EINVAL_TRIES = 5,
    COMMENT_MAX = 255
};
enum { CHAIN_NAME_SIZE = 32 };
static const char *const TABLES[] = {"nat", "mangle",
                                     "filter"}; // NAT is there before traffic flows

static void sleep_ms(long ms)
{
    nanosleep(&(struct timespec){.tv_nsec = ms * 1000000}, NULL);
}

int ipt_lock(const char *path, struct error *err)
{
    AUTO_CLOSE int fd = open(path, O_RDONLY | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return error_set_errno(err, AREA_FIREWALL, errno, "cannot open the lock of iptables '%s'",
                               path);
    for (int waited = 0; flock(fd, LOCK_EX | LOCK_NB) < 0; waited += LOCK_RETRY_MS) {
        if (errno != EWOULDBLOCK && errno != EINTR)
            return error_set_errno(err, AREA_FIREWALL, errno, "cannot lock '%s'", path);
        if (waited >= LOCK_WAIT_MS)
            return error_set(err, ERROR_OPERATION_TIMEOUT, AREA_FIREWALL,
                             "another program has held the lock of iptables '%s' for %d seconds "
                             "('fuser %s' names it)",
                             path, LOCK_WAIT_MS / 1000, path);
        sleep_ms(LOCK_RETRY_MS);
    }
    return steal_fd(&fd);
}

bool ipt_table_used(const struct ipt_tables *ops, const char *table)
{
    AUTO_CLOSE int fd = open(ops->proc_names, O_RDONLY | O_CLOEXEC);
    char text[512];
    ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
    if (n <= 0)
        return false;
    text[n] = '\0';
    char *rest = text;
    for (char *name; (name = strsep(&rest, "\n"));)
        if (str_eq(name, table))
            return true;
    return false;
}

bool ipt_chain_drops(const struct ipt_tables *ops, const char *chain, struct xtc_handle *h)
{
    for (const void *e = ops->first_rule(chain, h); e; e = ops->next_rule(e, h)) {
        const char *target = ops->get_target(e, h);
        if (!entry_matches_all(ops->family, e))
            continue;
        if (str_eq(target, "DROP") || str_eq(target, "REJECT"))
            return true;
        if (str_eq(target, "ACCEPT"))
            return false;
    }
    return str_eq(ops->get_policy(chain, h), "DROP");
}

static int table_error(const struct ipt_tables *ops, const char *verb, const char *table, int e,
                       struct error *err)
{
    const char *remedy =
        e == ENOPROTOOPT ? "; load the modules: modprobe -a ip_tables ip6_tables" : "";
    error_set(err, ERROR_SYSTEM, AREA_FIREWALL, "cannot %s the legacy %s table '%s': %s%s", verb,
              ops->family == RULE_V6 ? "ip6tables" : "iptables", table, ops->strerror(e), remedy);
    if (err)
        err->sys_errno = e;
    return -1;
}

int ipt_change(const struct ipt_tables *ops, const char *table,
               int (*change)(const struct ipt_tables *ops, struct xtc_handle *h, void *arg),
               void *arg, struct error *err)
{
    for (int tries = 0;; tries++) {
        struct xtc_handle *h = ops->init(table);
        int r = h ? change(ops, h, arg) : -1;
        if (r > 0)
            r = ops->commit(h) ? 0 : -1;
        int e = errno;
        if (h)
            ops->free(h);
        if (r == 0)
            return 0;
        // EINVAL may mean that the rules are in place but another program changed the table before
        // libiptc had added the counters: reading it again shows that.
        bool again = (e == EAGAIN && tries < COMMIT_TRIES) || (e == EINVAL && tries < EINVAL_TRIES);
        if (!again)
            return table_error(ops, h ? "change" : "read", table, e, err);
        sleep_ms(1 + tries % 4);
    }
}

static bool usable(enum rule_family family)
{
    struct xtc_handle *h = ipt_tables_of(family)->init("filter");
    if (!h)
        return false;
    ipt_tables_of(family)->free(h);
    return true;
}

// The kernel loads neither by itself; the program iptables does. vireod may, at its start.
static void load_modules(void)
{
    char *argv[] = {"modprobe", "-aq", "ip_tables", "ip6_tables", NULL};
    pid_t pid;
    int status;
    if (posix_spawnp(&pid, argv[0], NULL, NULL, argv, environ) == 0)
        waitpid(pid, &status, 0);
}

static int probe(struct backend_env *env, struct error *err)
{
    (void)env;
    if (!usable(RULE_V4) || !usable(RULE_V6))
        load_modules();
    // IPv6 may be off.
    if (!usable(RULE_V4))
        return table_error(ipt_tables_of(RULE_V4), "use", "filter", errno, err);
    return 0;
}

// What one network wants of one table of one family.
struct plan {
    enum rule_family family;
    const char *table;
    const char *bridge;
    const char *comment;
    const struct rule_vec *rules; // NULL: nothing
    char **missing;               // when verifying
};

static bool wanted(const struct plan *p, int chain)
{
    if (!p->rules)
        return false;
    RULES_FOREACH(r, p->rules)
    if ((int)r->chain == chain && rules_iptables_has(p->family, r))
        return true;
    return false;
}

static void chain_name(const struct plan *p, int chain, char name[static CHAIN_NAME_SIZE])
{
    snprintf(name, CHAIN_NAME_SIZE, "%s_%s", rules_iptables_place((enum rule_chain)chain)->top,
             p->bridge);
}

static void *make_jump(const struct plan *p, int chain, const char *name)
{
    const struct iptables_place *place = rules_iptables_place((enum rule_chain)chain);
    return entry_from_jump(p->family, place->match_in ? p->bridge : NULL,
                           place->match_out ? p->bridge : NULL, p->comment, name);
}

static bool rules_equal(const struct ipt_tables *ops, struct xtc_handle *h, const struct plan *p,
                        int chain, const char *name)
{
    const void *e = ops->first_rule(name, h);
    RULES_FOREACH(r, p->rules)
    {
        if ((int)r->chain != chain || !rules_iptables_has(p->family, r))
            continue;
        AUTO_FREE void *built = entry_from_rule(p->family, r);
        if (!e || !entry_equal(p->family, built, e, ops->get_target(e, h)))
            return false;
        e = ops->next_rule(e, h);
    }
    return !e;
}

// How many jumps there are to `target` in a chain; *first is the first one's place, *exact whether
// it is just `built`.
static unsigned count_jumps(const struct ipt_tables *ops, struct xtc_handle *h, const char *chain,
                            const char *target, const void *built, unsigned *first, bool *exact)
{
    unsigned found = 0, at = 0;
    *exact = false;
    for (const void *e = ops->first_rule(chain, h); e; e = ops->next_rule(e, h), at++) {
        const char *name = ops->get_target(e, h);
        if (!str_eq(name, target))
            continue;
        if (found++ == 0) {
            *first = at;
            *exact = !built || entry_equal(ops->family, built, e, name);
        }
    }
    return found;
}

// What of this chain is not as it should be; NULL when all is well. Caller frees.
static char *chain_missing(const struct ipt_tables *ops, struct xtc_handle *h, const struct plan *p,
                           int chain)
{
    const struct iptables_place *place = rules_iptables_place((enum rule_chain)chain);
    const char *tool = p->family == RULE_V6 ? "ip6tables" : "iptables";
    char name[CHAIN_NAME_SIZE];
    chain_name(p, chain, name);
    unsigned at;
    bool exact;
    if (!wanted(p, chain))
        return ops->is_chain(name, h)
                   ? xasprintf("%s chain '%s' in table '%s' is left over", tool, name, p->table)
                   : NULL;
    if (!ops->is_chain(place->top, h) || !ops->is_chain(name, h))
        return xasprintf("%s chain '%s' in table '%s'", tool, name, p->table);
    if (count_jumps(ops, h, place->builtin, place->top, NULL, &at, &exact) != 1)
        return xasprintf("%s jump from '%s' to '%s' in table '%s'", tool, place->builtin,
                         place->top, p->table);
    AUTO_FREE void *jump = make_jump(p, chain, name);
    if (count_jumps(ops, h, place->top, name, jump, &at, &exact) != 1 || !exact)
        return xasprintf("%s jump from '%s' to '%s' in table '%s'", tool, place->top, name,
                         p->table);
    if (!rules_equal(ops, h, p, chain, name))
        return xasprintf("%s rules of chain '%s' in table '%s'", tool, name, p->table);
    return NULL;
}

static int delete_jumps(const struct ipt_tables *ops, struct xtc_handle *h, const char *chain,
                        const char *target)
{
    unsigned at;
    bool exact;
    while (count_jumps(ops, h, chain, target, NULL, &at, &exact) > 0)
        if (!ops->delete_at(chain, at, h))
            return -1;
    return 0;
}

static int remove_chain(const struct ipt_tables *ops, struct xtc_handle *h,
                        const struct iptables_place *place, const char *name)
{
    if (ops->is_chain(place->top, h) && delete_jumps(ops, h, place->top, name) < 0)
        return -1;
    if (ops->is_chain(name, h) && (!ops->flush(name, h) || !ops->delete_chain(name, h)))
        return -1;
    if (!ops->is_chain(place->top, h) || ops->first_rule(place->top, h))
        return 0;
    // The last network went.
    if (delete_jumps(ops, h, place->builtin, place->top) < 0 || !ops->delete_chain(place->top, h))
        return -1;
    return 0;
}

static int ensure_top(const struct ipt_tables *ops, struct xtc_handle *h,
                      const struct iptables_place *place)
{
    if (!ops->is_chain(place->top, h) && !ops->create_chain(place->top, h))
        return -1;
    unsigned at;
    bool exact;
    if (count_jumps(ops, h, place->builtin, place->top, NULL, &at, &exact) == 1)
        return 0;
    if (delete_jumps(ops, h, place->builtin, place->top) < 0)
        return -1;
    AUTO_FREE void *jump = entry_from_jump(ops->family, NULL, NULL, NULL, place->top);
    return ops->insert(place->builtin, jump, 0, h) ? 0 : -1;
}

static int fill_chain(const struct ipt_tables *ops, struct xtc_handle *h, const struct plan *p,
                      int chain)
{
    const struct iptables_place *place = rules_iptables_place((enum rule_chain)chain);
    char name[CHAIN_NAME_SIZE];
    chain_name(p, chain, name);
    if (!wanted(p, chain))
        return remove_chain(ops, h, place, name);
    if (ensure_top(ops, h, place) < 0 || delete_jumps(ops, h, place->top, name) < 0)
        return -1;
    if (!(ops->is_chain(name, h) ? ops->flush(name, h) : ops->create_chain(name, h)))
        return -1;
    RULES_FOREACH(r, p->rules)
    {
        if ((int)r->chain != chain || !rules_iptables_has(p->family, r))
            continue;
        AUTO_FREE void *entry = entry_from_rule(p->family, r);
        if (!ops->append(name, entry, h))
            return -1;
    }
    AUTO_FREE void *jump = make_jump(p, chain, name);
    return ops->append(place->top, jump, h) ? 0 : -1;
}

static int change_table(const struct ipt_tables *ops, struct xtc_handle *h, void *arg)
{
    const struct plan *p = arg;
    bool changed = false;
    // Backwards, as what is inserted last comes first: VIREO_FWI before VIREO_FWO.
    for (int i = RULE_CHAIN_COUNT - 1; i >= 0; i--) {
        if (!str_eq(rules_iptables_place((enum rule_chain)i)->table, p->table))
            continue;
        AUTO_FREE char *missing = chain_missing(ops, h, p, i);
        if (!missing)
            continue;
        changed = true;
        if (fill_chain(ops, h, p, i) < 0)
            return -1;
    }
    return changed;
}

static int verify_table(const struct ipt_tables *ops, struct xtc_handle *h, void *arg)
{
    struct plan *p = arg;
    for (int i = 0; i < RULE_CHAIN_COUNT && !*p->missing; i++)
        if (str_eq(rules_iptables_place((enum rule_chain)i)->table, p->table))
            *p->missing = chain_missing(ops, h, p, i);
    return 0;
}

static bool table_wanted(const struct plan *p)
{
    for (int i = 0; i < RULE_CHAIN_COUNT; i++)
        if (str_eq(rules_iptables_place((enum rule_chain)i)->table, p->table) && wanted(p, i))
            return true;
    return false;
}

// Runs `change` on every table that has or shall have something of this network. A table that
// is not in use is not created for nothing.
static int each_table(struct plan *p,
                      int (*change)(const struct ipt_tables *ops, struct xtc_handle *h, void *arg),
                      bool v6_optional, struct error *err)
{
    static const enum rule_family families[] = {RULE_V4, RULE_V6};
    for (size_t f = 0; f < ARRAY_LEN(families); f++)
        for (size_t i = 0; i < ARRAY_LEN(TABLES); i++) {
            const struct ipt_tables *ops = ipt_tables_of(families[f]);
            p->family = families[f];
            p->table = TABLES[i];
            bool used = ipt_table_used(ops, p->table);
            if (!used && !table_wanted(p))
                continue;
            if (ipt_change(ops, p->table, change, p, err) == 0)
                continue;
            // A kernel without IPv6 or ip6tables carries IPv4 networks all the same.
            if (families[f] == RULE_V6 && v6_optional && !used) {
                error_clear(err);
                break;
            }
            return -1;
        }
    return 0;
}

static char *make_comment(const struct firewall_network *net)
{
    char *text = xasprintf("network %s", net->name);
    if (strlen(text) > COMMENT_MAX)
        text[COMMENT_MAX] = '\0';
    return text;
}

static bool has_v6(const struct firewall_network *net)
{
    for (size_t i = 0; i < net->nsubnets; i++)
        if (net->subnets[i].addr.family == AF_INET6)
            return true;
    return false;
}

static int remove_network(struct backend_env *env, const char *bridge, struct error *err)
{
    AUTO_CLOSE int lock = ipt_lock(env->lock_path, err);
    if (lock < 0)
        return -1;
    struct plan p = {.bridge = bridge};
    return each_table(&p, change_table, true, err);
}

static int apply(struct backend_env *env, const struct firewall_network *net,
                 const struct rule_vec *rules, struct error *err)
{
    AUTO_CLOSE int lock = ipt_lock(env->lock_path, err);
    if (lock < 0)
        return -1;
    AUTO_FREE char *comment = make_comment(net);
    struct plan p = {.bridge = net->bridge, .comment = comment, .rules = rules};
    AUTO_ERROR own = ERROR_INIT;
    if (each_table(&p, change_table, !has_v6(net), &own) == 0)
        return 0;
    // All or nothing.
    p.rules = NULL;
    each_table(&p, change_table, true, NULL);
    return error_move(err, &own);
}

static int verify(struct backend_env *env, const struct firewall_network *net,
                  const struct rule_vec *rules, char **missing, struct error *err)
{
    (void)env; // reading a table is one consistent snapshot
    AUTO_FREE char *comment = make_comment(net);
    struct plan p = {.bridge = net->bridge, .comment = comment, .rules = rules, .missing = missing};
    return each_table(&p, verify_table, !has_v6(net), err);
}

static int sweep_table(const struct ipt_tables *ops, struct xtc_handle *h, void *arg)
{
    const struct strv *known = arg;
    int changed = 0;
    for (int i = 0; i < RULE_CHAIN_COUNT; i++) {
        const struct iptables_place *place = rules_iptables_place((enum rule_chain)i);
        AUTO_FREE char *prefix = xasprintf("%s_", place->top);
        struct strv found = {0};
        for (const char *c = ops->first_chain(h); c; c = ops->next_chain(h))
            if (str_starts(c, prefix) && !strv_has(known, c + strlen(prefix)))
                strv_push(&found, c);
        bool alone = found.n == 0 && ops->is_chain(place->top, h) &&
                     ops->is_chain(place->builtin, h) && !ops->first_rule(place->top, h);
        if (alone)
            strv_push(&found, prefix); // an empty top chain: removed on the way
        int r = 0;
        for (size_t n = 0; n < found.n && r == 0; n++) {
            r = remove_chain(ops, h, place, found.v[n]);
            changed = 1;
        }
        int e = errno;
        strv_finish(&found);
        errno = e;
        if (r < 0)
            return -1;
    }
    return changed;
}

static int sweep(struct backend_env *env, const struct strv *known, struct error *err)
{
    AUTO_CLOSE int lock = -1;
    static const enum rule_family families[] = {RULE_V4, RULE_V6};
    for (size_t f = 0; f < ARRAY_LEN(families); f++)
        for (size_t i = 0; i < ARRAY_LEN(TABLES); i++) {
            const struct ipt_tables *ops = ipt_tables_of(families[f]);
            if (!ipt_table_used(ops, TABLES[i]))
                continue;
            if (lock < 0 && (lock = ipt_lock(env->lock_path, err)) < 0)
                return -1;
            if (ipt_change(ops, TABLES[i], sweep_table, (void *)known, err) < 0)
                return -1;
        }
    return 0;
}

const struct backend backend_iptables = {.name = "iptables",
                                         .probe = probe,
                                         .apply = apply,
                                         .remove = remove_network,
                                         .verify = verify,
                                         .sweep = sweep};
