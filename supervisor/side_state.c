// SPDX-License-Identifier: GPL-2.0-or-later
// What side processes keep for a domain from one start to the next: STATE/PROGRAM/UUID/.
#include "base/file.h"
#include "qemu/device.h"
#include "supervisor/internal.h"
#include "supervisor/side.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    TOOL_OUTPUT_MAX = 64 * 1024,
    TAIL_MAX = 1500, // of it in an error
};

// The directory of all that a program keeps for the domain. Caller frees.
static char *root_of(const struct domain *dom, const struct device_side *plan)
{
    char uuid[UUID_TEXT_SIZE];
    return xasprintf("%s/%s/%s", dom->all->config.state_dir, plan->args.v[0],
                     uuid_format(&dom->uuid, uuid));
}

// ---- on the helper thread ----------------------------------------------------------------------

struct job {
    const char *root;   // of the domain
    const char *config; // of the tools
    const char *fresh;  // the directory while it is filled
    const char *final;
    bool give; // to uid and gid
    uid_t uid;
    gid_t gid;
    int error; // -errno
};

static void make_run(void *arg)
{
    struct job *j = arg;
    (void)dir_remove_all(j->fresh);     // of a start that was cut off
    j->error = dir_make(j->root, 0711); // QEMU's user may pass, not list
    if (j->error == 0)
        j->error = dir_make(j->config, 0700);
    if (j->error == 0)
        j->error = dir_make(j->fresh, 0700);
}

static int give_file(const char *name, void *arg)
{
    const struct job *j = arg;
    AUTO_FREE char *path = path_join(j->fresh, name);
    return lchown(path, j->uid, j->gid) < 0 ? -errno : 0;
}

static void complete_run(void *arg)
{
    struct job *j = arg;
    j->error = j->give ? dir_each(j->fresh, NULL, give_file, j) : 0;
    if (j->error == 0 && j->give && lchown(j->fresh, j->uid, j->gid) < 0)
        j->error = -errno;
    if (j->error == 0 && rename(j->fresh, j->final) < 0)
        j->error = -errno;
}

static void remove_run(void *arg)
{
    struct job *j = arg;
    j->error = dir_remove_all(j->root);
}

// ---- the tools ---------------------------------------------------------------------------------

struct tool {
    struct strv *args;
    const char *directory;
    const char *config; // NULL: the system's
    bool as_vireod;     // else as the domain's user
};

static int fail(const struct tool *tool, int status, const struct strbuf *output, struct error *err)
{
    AUTO_FREE char *how = process_status_text(status);
    size_t skip = output->len > TAIL_MAX ? output->len - TAIL_MAX : 0;
    AUTO_FREE char *tail = guest_log_pick(output->len ? output->data + skip : "");
    return error_set(err, ERROR_OPERATION_FAILED, AREA_QEMU, "%s failed in '%s' (%s); it says: %s",
                     tool->args->v[0], tool->directory, how, tail ? tail : "nothing");
}

// When vireod is killed a tool goes on to its end, though its output is not read any more: it has
// processes of its own to end (swtpm_setup).
static int ignore_pipe(void *arg)
{
    (void)arg;
    return signal(SIGPIPE, SIG_IGN) == SIG_ERR ? -errno : 0;
}

static int run_tool(struct task *t, const struct domain *dom, const struct tool *tool,
                    struct error *err)
{
    AUTO_STRBUF output = {0};
    struct strv env = {0};
    int status;
    strv_push(&env, "LC_ALL=C");
    const char *path = getenv("PATH");
    strv_printf(&env, "PATH=%s%s/usr/local/bin:/usr/bin:/bin", path ? path : "", path ? ":" : "");
    if (tool->config)
        strv_printf(&env, "XDG_CONFIG_HOME=%s", tool->config);
    struct child_spec spec = CHILD_SPEC_INIT;
    spec.argv = strv_argv(tool->args);
    spec.envp = strv_argv(&env);
    spec.directory = tool->directory;
    spec.new_session = true;
    spec.setup = ignore_pipe;
    spec.capabilities = 0;
    spec.umask = 077;
    if (!tool->as_vireod)
        domains_set_user(dom->all, &spec);
    uint64_t deadline = task_deadline_ms(dom->all->config.timeouts.start_ms);
    int r = child_run(t, &spec, NULL, TOOL_OUTPUT_MAX, deadline, &status, &output, err);
    if (r == 0 && status != 0)
        r = fail(tool, status, &output, err);
    strv_finish(&env);
    return r;
}

static int run_create(struct task *t, struct domain *dom, struct device_side *plan,
                      const struct job *j, struct error *err)
{
    VEC_FOREACH (args, &plan->create) {
        if (!child_has_program(args->v[0])) {
            log_domain(LOG_LEVEL_INFO, dom->name,
                       "without %s (Debian: apt-get install %s) its %s starts from nothing",
                       args->v[0], plan->tool_package, plan->args.v[0]);
            return 0;
        }
        struct tool tool = {args, j->fresh, j->config, true};
        if (run_tool(t, dom, &tool, err) < 0)
            return -1;
    }
    return 0;
}

// ---- prepare and remove ------------------------------------------------------------------------

static int create(struct task *t, struct domain *dom, struct device_side *plan, const char *final,
                  struct error *err)
{
    const struct domains_config *c = &dom->all->config;
    AUTO_FREE char *root = root_of(dom, plan), *fresh = xasprintf("%s.new", final);
    AUTO_FREE char *config = xasprintf("%s/%s/config", c->state_dir, plan->args.v[0]);
    struct job j = {.root = root,
                    .config = config,
                    .fresh = fresh,
                    .final = final,
                    .give = c->set_user,
                    .uid = c->qemu_uid,
                    .gid = c->qemu_gid};
    task_offload(t, make_run, &j);
    if (j.error < 0)
        return error_set_errno(err, AREA_QEMU, j.error, "cannot make the directory '%s'", fresh);
    if (run_create(t, dom, plan, &j, err) < 0)
        return -1;
    task_offload(t, complete_run, &j);
    return j.error < 0 ? error_set_errno(err, AREA_QEMU, j.error,
                                         "cannot complete the directory '%s'", final)
                       : 0;
}

static int update(struct task *t, struct domain *dom, struct device_side *plan, const char *dir,
                  struct error *err)
{
    if (!child_has_program(plan->update.v[0]))
        return error_set(err, ERROR_CONFIG_UNSUPPORTED, AREA_QEMU,
                         "what it asks of %s needs %s, which is not installed (Debian: apt-get "
                         "install %s)",
                         plan->args.v[0], plan->update.v[0], plan->tool_package);
    struct tool tool = {&plan->update, dir, NULL, false};
    return run_tool(t, dom, &tool, err);
}

int side_state_prepare(struct task *t, struct domain *dom, struct device_side *plan, char **dir,
                       struct error *err)
{
    if (!plan->state)
        return 0;
    AUTO_FREE char *root = root_of(dom, plan);
    *dir = path_join(root, plan->state);
    if (access(*dir, F_OK) < 0 && create(t, dom, plan, *dir, err) < 0)
        return -1;
    return plan->update.n ? update(t, dom, plan, *dir, err) : 0;
}

struct removal {
    struct task *t;
    struct domain *dom;
    const struct domain_def *def;
    enum side_state how;
};

static int remove_device(struct device *dev, void *arg)
{
    struct removal *r = arg;
    const struct device_class *class = device_class_of(dev->kind);
    struct device_side plan = {0};
    if (!class->side)
        return 0;
    class->side(r->def, dev, &plan);
    AUTO_FREE char *root = root_of(r->dom, &plan);
    if (plan.state && (r->how == SIDE_STATE_REMOVE || !plan.keep_state)) {
        struct job j = {.root = root};
        task_offload(r->t, remove_run, &j);
        if (j.error < 0)
            log_domain(LOG_LEVEL_WARN, r->dom->name, "cannot remove '%s', what its %s kept: %s",
                       root, plan.args.v[0], strerrordesc_np(-j.error));
    }
    device_side_finish(&plan);
    return 0;
}

void sides_remove_state(struct task *t, struct domain *dom, const struct domain_def *def,
                        enum side_state how)
{
    struct removal r = {t, dom, def, how};
    if (how != SIDE_STATE_KEEP)
        domain_def_each_device(def, remove_device, &r);
}
