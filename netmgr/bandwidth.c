// SPDX-License-Identifier: GPL-2.0-or-later
// Rates of a domain's interface, set with `tc`: traffic to the guest is shaped where the tap sends
// it, traffic from the guest is policed where the tap receives it.
#include "netmgr/internal.h"

#include <errno.h>

enum { TC_TIMEOUT_MS = 5000, OUTPUT_MAX = 2048, BURST_MIN_KIB = 16 };

static uint64_t burst_kib(const struct network_rate *r)
{
    uint64_t burst = r->burst.set && r->burst.value ? r->burst.value : r->average.value / 8;
    return burst < BURST_MIN_KIB ? BURST_MIN_KIB : burst;
}

// "bps" in tc means bytes a second.
static void add_rates(struct strbuf *b, const struct network_rate *r)
{
    strbuf_printf(b, "rate %jukbps burst %jukb", (uintmax_t)r->average.value,
                  (uintmax_t)burst_kib(r));
}

static int tc_error(const char *dev, const struct strbuf *output, struct error *err)
{
    // Only the first line of tc's output is about the failure.
    const char *text = strbuf_text(output);
    AUTO_FREE char *printed = str_printable(text, strcspn(text, "\n"));
    bool police = strstr(printed, "TC action") || strstr(printed, "classifier");
    return error_set(err, police ? ERROR_CONFIG_UNSUPPORTED : ERROR_OPERATION_FAILED, AREA_NETWORK,
                     "cannot set the rates of '%s': %s%s", dev,
                     police ? "this kernel cannot limit what a guest sends (<outbound>: modules "
                              "cls_u32 and act_police); load them or remove <outbound>: "
                            : "",
                     printed);
}

static int run_tc(struct task *t, const char *dev, const char *batch, bool check, struct error *err)
{
    char *argv[] = {(char *)"tc", (char *)"-force", (char *)"-batch", (char *)"-", NULL};
    struct child_spec spec = CHILD_SPEC_INIT;
    AUTO_STRBUF output = {0};
    int status;
    spec.argv = argv;
    spec.capabilities = CAPABILITY(CAP_NET_ADMIN);
    if (child_run(t, &spec, batch, OUTPUT_MAX, task_deadline_ms(TC_TIMEOUT_MS), &status, &output,
                  err) < 0)
        return error_prefix(err, "cannot set the rates of '%s' (tc is in package 'iproute2')", dev);
    if (status == 0 || !check)
        return 0;
    return tc_error(dev, &output, err);
}

int bandwidth_apply(struct task *t, const char *dev, const struct network_bandwidth *bw,
                    struct error *err)
{
    if (bw && network_bandwidth_check(bw, err) < 0)
        return -1;
    AUTO_FREE char *clean =
        xasprintf("qdisc del dev %s root\nqdisc del dev %s ingress\n", dev, dev);
    // They may not exist.
    if (run_tc(t, dev, clean, false, err) < 0)
        return -1;
    AUTO_STRBUF b = {0};
    if (bw && bw->has_inbound && bw->inbound.average.value) {
        strbuf_printf(&b, "qdisc add dev %s root tbf ", dev);
        add_rates(&b, &bw->inbound);
        // The speed of a burst. The peak bucket must hold the largest packet.
        if (bw->inbound.peak.value > bw->inbound.average.value)
            strbuf_printf(&b, " peakrate %jukbps mtu 64kb", (uintmax_t)bw->inbound.peak.value);
        strbuf_add(&b, " latency 50ms\n");
    }
    if (bw && bw->has_outbound && bw->outbound.average.value) {
        strbuf_printf(&b, "qdisc add dev %s ingress\n", dev);
        strbuf_printf(&b, "filter add dev %s parent ffff: protocol all u32 match u32 0 0 police ",
                      dev);
        add_rates(&b, &bw->outbound);
        strbuf_add(&b, " mtu 64kb drop flowid :1\n");
    }
    return b.len ? run_tc(t, dev, b.data, true, err) : 0;
}
