// SPDX-License-Identifier: LGPL-2.1-or-later
// A domain's lifetime through the libvirt library: connect, list what there is, define a domain
// from a document, start it, watch its events, stop it, undefine it.
//
//   cc lifecycle.c -o lifecycle $(pkg-config --cflags --libs libvirt)
//   ./lifecycle URI DOCUMENT.xml        for example: ./lifecycle qemu:///session demo.xml
#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>
#include <stdio.h>
#include <stdlib.h>

struct watch {
    int started;
    int stopped;
};

static const char *const event_names[] = {
    "defined", "undefined", "started",     "suspended", "resumed",
    "stopped", "shut down", "pmsuspended", "crashed",
};

static void fail(const char *what)
{
    const virError *error = virGetLastError();

    fprintf(stderr, "%s: %s\n", what, error ? error->message : "no reason given");
    exit(1);
}

static int on_lifecycle(virConnectPtr conn, virDomainPtr domain, int event, int detail,
                        void *opaque)
{
    struct watch *watch = opaque;
    int known = event >= 0 && event < (int)(sizeof(event_names) / sizeof(event_names[0]));

    (void)conn;
    printf("event: %s %s (detail %d)\n", virDomainGetName(domain),
           known ? event_names[event] : "unknown", detail);
    watch->started |= event == VIR_DOMAIN_EVENT_STARTED;
    watch->stopped |= event == VIR_DOMAIN_EVENT_STOPPED;
    return 0;
}

// The event loop must be able to wake up when nothing happens.
static void on_tick(int timer, void *opaque)
{
    (void)timer;
    ++*(int *)opaque;
}

static void wait_until(const int *flag, const int *ticks, const char *what)
{
    int end = *ticks + 200; // 20 s

    while (!*flag && *ticks < end)
        if (virEventRunDefaultImpl() < 0)
            fail("the event loop");
    if (!*flag) {
        fprintf(stderr, "no event '%s' within 20 s\n", what);
        exit(1);
    }
}

static void list(virConnectPtr conn, const char *title, unsigned int which)
{
    virDomainPtr *domains = NULL;
    int count = virConnectListAllDomains(conn, &domains, which);

    if (count < 0)
        fail("listing domains");
    printf("%s: %d\n", title, count);
    for (int i = 0; i < count; i++) {
        printf("  %s\n", virDomainGetName(domains[i]));
        virDomainFree(domains[i]);
    }
    free(domains);
}

static char *read_file(const char *path)
{
    static char text[65536];
    FILE *file = fopen(path, "re");
    size_t len = file ? fread(text, 1, sizeof(text) - 1, file) : 0;

    if (!file || len == 0) {
        perror(path);
        exit(1);
    }
    fclose(file);
    text[len] = 0;
    return text;
}

int main(int argc, char **argv)
{
    struct watch watch = {0};
    int ticks = 0;

    if (argc != 3) {
        fprintf(stderr, "usage: %s URI DOCUMENT.xml\n", argv[0]);
        return 2;
    }
    // Events need a loop, and the loop must be there before the connection.
    if (virEventRegisterDefaultImpl() < 0)
        fail("the event loop");
    int timer = virEventAddTimeout(100, on_tick, &ticks, NULL);
    virConnectPtr conn = virConnectOpen(argv[1]);
    if (!conn)
        fail(argv[1]);
    list(conn, "active domains", VIR_CONNECT_LIST_DOMAINS_ACTIVE);
    list(conn, "inactive domains", VIR_CONNECT_LIST_DOMAINS_INACTIVE);

    virDomainPtr domain = virDomainDefineXML(conn, read_file(argv[2]));
    if (!domain)
        fail("define");
    int callback =
        virConnectDomainEventRegisterAny(conn, domain, VIR_DOMAIN_EVENT_ID_LIFECYCLE,
                                         VIR_DOMAIN_EVENT_CALLBACK(on_lifecycle), &watch, NULL);
    if (callback < 0)
        fail("watching events");
    if (virDomainCreate(domain) < 0)
        fail("start");
    wait_until(&watch.started, &ticks, "started");
    list(conn, "active domains", VIR_CONNECT_LIST_DOMAINS_ACTIVE);

    if (virDomainDestroy(domain) < 0)
        fail("destroy");
    wait_until(&watch.stopped, &ticks, "stopped");
    if (virDomainUndefine(domain) < 0)
        fail("undefine");

    virConnectDomainEventDeregisterAny(conn, callback);
    virEventRemoveTimeout(timer);
    virDomainFree(domain);
    virConnectClose(conn);
    printf("done\n");
    return 0;
}
