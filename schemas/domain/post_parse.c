// SPDX-License-Identifier: LGPL-2.1-or-later
// What the document leaves open, filled in as libvirt fills it in, so that what clients read back
// looks the way they expect. Running it twice changes nothing. PCI addresses are not handed out
// here.
#include "schemas/domain/internal.h"

// ---- the machine

static int fill_machine(struct domain_def *def, const struct domain_defaults *d, struct error *err)
{
    struct domain_os *os = &def->os;
    if (!os->arch)
        os->arch = xstrdup(d && d->arch ? d->arch : "x86_64");
    const char *machine = d && d->machine ? d->machine(os->arch, os->machine, d->arg)
                          : os->machine   ? os->machine
                                          : "pc";
    if (!machine && os->machine)
        return error_set(err, ERROR_CONFIG_UNSUPPORTED, AREA_DOMAIN,
                         "domain '%s': the emulator for %s has no machine type '%s'", def->name,
                         os->arch, os->machine);
    if (machine && !str_eq(machine, os->machine))
        str_replace(&os->machine, machine);
    if (!def->emulator && d && d->emulator)
        def->emulator = xstrdup(d->emulator(os->arch, def->type, d->arg));
    if (os->loader && os->loader_type == LOADER_NONE)
        os->loader_type = LOADER_ROM;
    // libvirt boots from disk when nothing at all says from where.
    bool ordered = false;
    for (size_t i = 0; i < def->disks.n; i++)
        ordered |= def->disks.v[i]->dev.boot_order.set;
    for (size_t i = 0; i < def->interfaces.n; i++)
        ordered |= def->interfaces.v[i]->dev.boot_order.set;
    for (size_t i = 0; i < def->redirdevs.n; i++)
        ordered |= def->redirdevs.v[i]->dev.boot_order.set;
    if (!os->boot.n && !ordered) {
        struct domain_boot *boot = NEW(struct domain_boot);
        boot->dev = BOOT_DISK;
        vec_push(&os->boot, boot);
    }
    return 0;
}

static void fill_cpu(struct domain_def *def)
{
    struct domain_cpu *cpu = def->cpu;
    if (!cpu)
        return;
    if (cpu->mode == CPU_MODE_NONE && cpu->model)
        cpu->mode = CPU_MODE_CUSTOM;
    if (cpu->mode == CPU_MODE_CUSTOM) {
        if (cpu->match == CPU_MATCH_NONE)
            cpu->match = CPU_MATCH_EXACT;
        if (cpu->model && cpu->model_fallback == TOGGLE_UNSET)
            cpu->model_fallback = TOGGLE_YES;
    }
    if (cpu->check == CPU_CHECK_NONE_GIVEN && cpu->mode != CPU_MODE_NONE)
        cpu->check = cpu->mode == CPU_MODE_HOST_MODEL ||
                             (cpu->mode == CPU_MODE_CUSTOM && def->type == DOMAIN_TYPE_KVM)
                         ? CPU_CHECK_PARTIAL
                         : CPU_CHECK_NONE;
    if (cpu->migratable == TOGGLE_UNSET &&
        (cpu->mode == CPU_MODE_HOST_PASSTHROUGH || cpu->mode == CPU_MODE_MAXIMUM))
        cpu->migratable = TOGGLE_YES;
}

static void fill_basics(struct domain_def *def)
{
    if (!def->uuid.set)
        def->uuid = (struct opt_uuid){.set = true, .value = uuid_random()};
    // <genid/> without a value asks for one.
    if (def->has_genid && !def->genid.set)
        def->genid = (struct opt_uuid){.set = true, .value = uuid_random()};
    if (!def->current_memory_kib)
        def->current_memory_kib = def->memory_kib;
    if (!def->vcpus)
        def->vcpus = 1;
    if (def->vcpu_placement == VCPU_PLACEMENT_NONE)
        def->vcpu_placement = VCPU_PLACEMENT_STATIC;
    if (def->vcpus_current.set && def->vcpus_current.value == def->vcpus)
        def->vcpus_current = (struct opt_uint){0};
    if (def->clock.offset == CLOCK_NONE)
        def->clock.offset = CLOCK_UTC;
    if (def->on_poweroff == LIFECYCLE_NONE)
        def->on_poweroff = LIFECYCLE_DESTROY;
    if (def->on_reboot == LIFECYCLE_NONE)
        def->on_reboot = LIFECYCLE_RESTART;
    if (def->on_crash == LIFECYCLE_NONE)
        def->on_crash = LIFECYCLE_DESTROY;
    struct domain_hyperv *hv = def->features.hyperv;
    if (hv && !hv->mode)
        hv->mode = xstrdup("custom");
}

// ---- displays and the like

static void add_input(struct domain_def *def, enum input_type type)
{
    for (size_t i = 0; i < def->inputs.n; i++) {
        if (def->inputs.v[i]->type == type && def->inputs.v[i]->bus == INPUT_BUS_PS2)
            return;
    }
    struct domain_input *input = NEW(struct domain_input);
    input->dev.kind = DEVICE_INPUT;
    input->type = type;
    input->bus = INPUT_BUS_PS2;
    vec_push(&def->inputs, input);
}

static void fill_inputs(const struct domain_fill *f)
{
    struct domain_def *def = f->def;
    for (size_t i = 0; i < def->inputs.n; i++) {
        struct domain_input *input = def->inputs.v[i];
        if (input->bus == INPUT_BUS_NONE)
            input->bus = input->type == INPUT_TABLET || !f->x86 ? INPUT_BUS_USB : INPUT_BUS_PS2;
    }
    // Every PC has these two; libvirt shows them always.
    if (f->x86) {
        add_input(def, INPUT_MOUSE);
        add_input(def, INPUT_KEYBOARD);
    }
}

static void fill_listen(struct domain_graphics *g)
{
    for (size_t i = 0; i < g->listens.n && !g->listen; i++) {
        if (g->listens.v[i]->type == LISTEN_ADDRESS && g->listens.v[i]->address)
            g->listen = xstrdup(g->listens.v[i]->address);
    }
    if (g->listens.n && g->type == GRAPHICS_VNC && !g->socket &&
        g->listens.v[0]->type == LISTEN_SOCKET)
        str_replace(&g->socket, g->listens.v[0]->socket);
    if (g->listens.n)
        return;
    struct graphics_listen *l = NEW(struct graphics_listen);
    l->type = g->socket ? LISTEN_SOCKET : LISTEN_ADDRESS;
    str_replace(&l->socket, g->socket);
    if (!g->socket)
        str_replace(&l->address, g->listen);
    vec_push(&g->listens, l);
}

static void fill_graphics(struct domain_def *def)
{
    for (size_t i = 0; i < def->graphics.n; i++) {
        struct domain_graphics *g = def->graphics.v[i];
        fill_listen(g);
        bool has_port =
            g->listens.v[0]->type == LISTEN_ADDRESS || g->listens.v[0]->type == LISTEN_NETWORK;
        if (!has_port)
            continue;
        bool given =
            (g->port.set && g->port.value > 0) || (g->tls_port.set && g->tls_port.value > 0);
        if (g->autoport == TOGGLE_UNSET)
            g->autoport = given ? TOGGLE_NO : TOGGLE_YES;
        if (g->autoport == TOGGLE_YES && g->type == GRAPHICS_VNC)
            g->port = OPT_INT(-1);
        if (g->autoport == TOGGLE_YES && g->type == GRAPHICS_SPICE)
            g->port = g->tls_port = (struct opt_int){0};
    }
}

static void fill_video(const struct domain_fill *f)
{
    struct domain_def *def = f->def;
    if (def->graphics.n && !def->videos.n) {
        struct domain_video *video = NEW(struct domain_video);
        video->dev.kind = DEVICE_VIDEO;
        vec_push(&def->videos, video);
    }
    bool primary = false;
    for (size_t i = 0; i < def->videos.n; i++)
        primary |= def->videos.v[i]->primary == TOGGLE_YES;
    for (size_t i = 0; i < def->videos.n; i++) {
        struct domain_video *v = def->videos.v[i];
        if (!v->model)
            v->model = xstrdup(f->x86 ? "cirrus" : "virtio");
        if (str_eq(v->model, "none"))
            continue;
        bool qxl = str_eq(v->model, "qxl");
        if (qxl && !v->ram_kib.set)
            v->ram_kib = OPT_UINT(64 * 1024);
        if (qxl && !v->vgamem_kib.set)
            v->vgamem_kib = OPT_UINT(16 * 1024);
        if (!v->vram_kib.set && (qxl || str_eq(v->model, "vga") || str_eq(v->model, "cirrus") ||
                                 str_eq(v->model, "bochs")))
            v->vram_kib = OPT_UINT(qxl ? 64 * 1024 : 16 * 1024);
        if (!v->heads.set)
            v->heads = OPT_UINT(1);
        if (!primary && i == 0)
            v->primary = TOGGLE_YES;
    }
}

// Where sound goes; libvirt shows it always.
static void fill_audio(struct domain_def *def)
{
    if (def->audios.n)
        return;
    bool spice = false;
    for (size_t i = 0; i < def->graphics.n; i++)
        spice |= def->graphics.v[i]->type == GRAPHICS_SPICE;
    struct domain_audio *audio = NEW(struct domain_audio);
    audio->dev.kind = DEVICE_AUDIO;
    audio->id = 1;
    audio->type = spice ? AUDIO_SPICE : AUDIO_NONE;
    vec_push(&def->audios, audio);
}

static void fill_rest(struct domain_def *def)
{
    for (size_t i = 0; i < def->watchdogs.n; i++) {
        if (def->watchdogs.v[i]->action == WATCHDOG_NONE_GIVEN)
            def->watchdogs.v[i]->action = WATCHDOG_RESET;
    }
    for (size_t i = 0; i < def->rngs.n; i++) {
        struct domain_rng *rng = def->rngs.v[i];
        if (rng->backend == RNG_BACKEND_RANDOM && !rng->path)
            rng->path = xstrdup("/dev/urandom");
    }
    for (size_t i = 0; i < def->panics.n; i++) {
        if (!def->panics.v[i]->model)
            def->panics.v[i]->model = xstrdup("isa");
    }
    if (!def->memballoon) {
        def->memballoon = NEW(struct domain_memballoon);
        def->memballoon->dev.kind = DEVICE_MEMBALLOON;
        def->memballoon->model = xstrdup("virtio");
    }
}

int domain_def_post_parse(struct domain_def *def, const struct domain_defaults *defaults,
                          struct error *err)
{
    fill_basics(def);
    if (fill_machine(def, defaults, err) < 0)
        return -1;
    fill_cpu(def);
    const char *machine = def->os.machine ? def->os.machine : "pc";
    bool x86 = str_eq(def->os.arch, "x86_64") || str_eq(def->os.arch, "i686");
    struct domain_fill f = {
        .def = def,
        .x86 = x86,
        .q35 = x86 && (str_eq(machine, "q35") || str_starts(machine, "pc-q35")),
        .pc = x86 && (str_eq(machine, "pc") || str_starts(machine, "pc-i440fx")),
    };
    domain_fill_disks(&f);
    domain_fill_chardevs(&f);
    domain_fill_controllers(&f);
    domain_fill_interfaces(&f);
    fill_inputs(&f);
    fill_graphics(def);
    fill_video(&f);
    fill_audio(def);
    fill_rest(def);
    return 0;
}
