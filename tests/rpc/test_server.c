// SPDX-License-Identifier: GPL-2.0-or-later
// Listening, limits on clients, and who may do what.
#include "base/file.h"
#include "tests/rpc/fixture.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static void authentication(struct task *t, void *arg)
{
    (void)arg;
    struct fixture f;
    struct server_config config;
    config_init(&config);
    config.auth = WIRE_AUTH_POLKIT;
    start(&f, t, &config);
    struct raw c;
    raw_connect(&c, t, f.server, false);
    raw_call(&c, P_WRITE, 1, WIRE_TYPE_NONE, NULL);
    raw_error(&c, 1, WIRE_ERR_RPC, "authentication required");
    raw_call(&c, P_COUNT, 1, WIRE_TYPE_NONE, NULL);
    raw_error(&c, 1, WIRE_ERR_RPC, "unknown procedure: 14");
    raw_call(&c, P_OPEN, 2, WIRE_TYPE_NONE, NULL); // allowed before
    raw_reply(&c, 2, WIRE_TYPE_NONE, NULL);
    raw_close(&c);
    stop(&f);
}

static void policy(void)
{
    struct rpc_policy p = {.others = RPC_ACCESS_READ_ONLY, .has_group = true, .group = 77};
    gid_t groups[] = {5, 77};
    struct rpc_peer root = {0}, user = {.uid = 1000, .gid = 1000},
                    primary = {.uid = 1000, .gid = 77},
                    member = {.uid = 1000, .gid = 1000, .groups = groups, .ngroups = 2};
    CHECK_INT(rpc_policy_check(&p, &root), RPC_ACCESS_FULL);
    CHECK_INT(rpc_policy_check(&p, &user), RPC_ACCESS_READ_ONLY);
    CHECK_INT(rpc_policy_check(&p, &primary), RPC_ACCESS_FULL);
    CHECK_INT(rpc_policy_check(&p, &member), RPC_ACCESS_FULL);
    p = (struct rpc_policy){.has_user = true, .user = 1000, .others = RPC_ACCESS_DENY};
    CHECK_INT(rpc_policy_check(&p, &user), RPC_ACCESS_FULL);
    user.uid = 1001;
    CHECK_INT(rpc_policy_check(&p, &user), RPC_ACCESS_DENY);
}

static void listening(struct task *t, void *arg)
{
    (void)arg;
    struct fixture f;
    struct server_config config;
    config_init(&config);
    config.max_clients = 2;
    start(&f, t, &config);
    char dir[] = "/tmp/vireo-rpc-XXXXXX";
    CHECK(mkdtemp(dir));
    char path[64], ro[64];
    snprintf(path, sizeof(path), "%s/sock", dir);
    snprintf(ro, sizeof(ro), "%s/sock-ro", dir);
    AUTO_ERROR err = ERROR_INIT;
    CHECK_INT(server_listen(f.server, path, 0700, false, &err), 0);
    CHECK_INT(server_listen(f.server, ro, 0777, true, &err), 0);
    struct stat st;
    CHECK_INT(stat(ro, &st), 0);
    CHECK_INT(st.st_mode & 0777, 0777);
    CHECK_INT(server_listen(f.server, "/nonexistent/sock", 0700, false, &err), -1);
    CHECK_CONTAINS(error_message(&err), "/nonexistent/sock");
    struct raw a = {.task = t, .fd = unix_connect(path)}, b = {.task = t, .fd = unix_connect(ro)},
               late = {.task = t};
    CHECK(a.fd >= 0 && b.fd >= 0);
    open_client(&a);
    open_client(&b);
    raw_call(&a, P_WRITE, 1, WIRE_TYPE_NONE, NULL);
    raw_reply(&a, 1, WIRE_TYPE_NONE, NULL);
    raw_call(&b, P_WRITE, 1, WIRE_TYPE_NONE, NULL);
    raw_error(&b, 1, WIRE_ERR_OPERATION_DENIED, "read only");
    // A third one waits until one of them has left.
    late.fd = unix_connect(path);
    CHECK(late.fd >= 0);
    raw_call(&late, P_OPEN, 0, WIRE_TYPE_NONE, NULL);
    echo(&b, 1, "one more turn of the loop");
    CHECK_INT(server_stats(f.server)->clients, 2);
    raw_close(&a);
    raw_reply(&late, 0, WIRE_TYPE_NONE, NULL);
    raw_close(&b);
    raw_close(&late);
    stop(&f);
    CHECK_INT(access(path, F_OK), -1);
    CHECK_INT(rmdir(dir), 0);
}

int main(void)
{
    RUN_TASK(authentication);
    RUN(policy);
    RUN_TASK(listening);
    return 0;
}
