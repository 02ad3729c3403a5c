// SPDX-License-Identifier: GPL-2.0-or-later
#include "qemu/device.h"

#include "qemu/internal.h"

#define DEVICE_LIST(kind, element, type, member) extern const struct device_class element##_class;
#include "schemas/domain/devices.def"

static const struct device_class *const classes[DEVICE_KIND_COUNT] = {
#define DEVICE_LIST(kind, element, type, member) [DEVICE_##kind] = &element##_class,
#include "schemas/domain/devices.def"
};

const struct device_class *device_class_of(enum device_kind kind)
{
    return classes[kind];
}

// ---- visiting ----------------------------------------------------------------------------------

struct visit {
    enum device_order order;
    VEC(struct device *) list;
};

static unsigned rank_of(const struct visit *v, const struct device *dev)
{
    const struct device_class *class = device_class_of(dev->kind);
    unsigned within = v->order == ORDER_BUILD && class->rank ? class->rank(dev) : 0;
    return (unsigned)class->order[v->order] << 8 | within;
}

// Keeps the list sorted; equal ones stay in the order of the document.
static int insert(struct device *dev, void *arg)
{
    struct visit *v = arg;
    if (!device_class_of(dev->kind)->order[v->order])
        return 0;
    vec_push(&v->list, dev);
    size_t i = v->list.n - 1;
    for (; i > 0 && rank_of(v, v->list.v[i - 1]) > rank_of(v, dev); i--)
        v->list.v[i] = v->list.v[i - 1];
    v->list.v[i] = dev;
    return 0;
}

int devices_each(const struct domain_def *def, enum device_order order,
                 int (*fn)(struct device *dev, void *arg), void *arg)
{
    struct visit v = {.order = order};
    int rc = 0;
    domain_def_each_device(def, insert, &v);
    for (size_t i = 0; rc == 0 && i < v.list.n; i++)
        rc = fn(v.list.v[i], arg);
    vec_finish(&v.list);
    return rc;
}

enum device_bus device_bus(const struct domain_def *def, const struct device *dev)
{
    const struct device_class *class = device_class_of(dev->kind);
    return class->bus ? class->bus(def, dev) : BUS_NONE;
}

// ---- which one is meant ------------------------------------------------------------------------

struct match {
    const struct device *wanted;
    struct device *found;
    unsigned count;
};

bool device_address_fits(const struct device *dev, const struct device *wanted)
{
    const struct device_address *a = &dev->address, *b = &wanted->address;
    return a->type != ADDRESS_PCI || b->type != ADDRESS_PCI ||
           (opt_or(a->bus, 0) == opt_or(b->bus, 0) && opt_or(a->slot, 0) == opt_or(b->slot, 0) &&
            opt_or(a->function, 0) == opt_or(b->function, 0));
}

static int match_one(struct device *dev, void *arg)
{
    struct match *m = arg;
    const struct device_class *class = device_class_of(dev->kind);
    bool fits = dev->kind == m->wanted->kind;
    if (fits && dev->alias && m->wanted->alias)
        fits = str_eq(dev->alias, m->wanted->alias);
    else if (fits)
        fits =
            class->is_meant ? class->is_meant(dev, m->wanted) : device_address_fits(dev, m->wanted);
    if (fits) {
        m->found = dev;
        m->count++;
    }
    return 0;
}

struct device *device_find(const struct domain_def *def, const struct device *wanted,
                           struct error *err)
{
    struct match m = {.wanted = wanted};
    domain_def_each_device(def, match_one, &m);
    if (m.count == 1)
        return m.found;
    AUTO_FREE char *xml = domain_device_format(wanted, 0);
    if (m.count == 0)
        error_set(err, ERROR_DEVICE_MISSING, AREA_QEMU, "domain '%s' has no %s like %s", def->name,
                  device_kind_name(wanted->kind), xml);
    else
        error_set(err, ERROR_OPERATION_FAILED, AREA_QEMU,
                  "%u devices <%s> of domain '%s' match; name one by its "
                  "address, MAC or alias",
                  m.count, device_kind_name(wanted->kind), def->name);
    return NULL;
}

// ---- files -------------------------------------------------------------------------------------

void device_files(const struct device *dev, struct device_files *ret)
{
    const struct device_class *class = device_class_of(dev->kind);
    if (class->files)
        class->files(dev, ret);
}

static int add_files(struct device *dev, void *arg)
{
    device_files(dev, arg);
    return 0;
}

void device_file_add(struct device_files *ret, const char *path, const char *what, bool write)
{
    struct device_file file = {.path = path, .what = what, .write = write};
    if (path)
        vec_push(ret, file);
}

void definition_files(const struct domain_def *def, struct device_files *ret)
{
    static const struct command_part *const parts[] = {
#define COMMAND_PART(name) &name##_args,
#include "qemu/parts.def"
    };
    domain_def_each_device(def, add_files, ret);
    for (size_t i = 0; i < ARRAY_LEN(parts); i++)
        if (parts[i]->files)
            parts[i]->files(def, ret);
}

void device_side_finish(struct device_side *s)
{
    VEC_FOREACH (it, &s->create)
        strv_finish(it);
    vec_finish(&s->create);
    strv_finish(&s->args);
    strv_finish(&s->update);
    free(STEAL(s->state));
}

// ---- a running guest ---------------------------------------------------------------------------

void device_steps_finish(struct device_steps *s)
{
    VEC_FOREACH (it, &s->steps)
        json_object_put(it->args), json_object_put(it->undo_args);
    vec_finish(&s->steps);
}

int device_check_change(const struct device *dev, enum device_change change, struct error *err)
{
    static const char *const names[] = {"attach", "detach", "update"};
    const struct device_class *class = device_class_of(dev->kind);
    if (change == DEVICE_ATTACH   ? class->plug
        : change == DEVICE_DETACH ? class->unplug
                                  : class->update != NULL)
        return 0;
    return error_set(err, ERROR_OPERATION_UNSUPPORTED, AREA_QEMU,
                     "live %s of device '%s' is not supported; change the stored definition "
                     "(--config) and restart the guest",
                     names[change], device_kind_name(dev->kind));
}

static int finish_steps(struct out *o, int rc)
{
    if (rc == 0 && o->missing)
        rc = out_internal(o, NULL, o->missing);
    if (rc < 0)
        device_steps_finish(o->steps);
    return rc;
}

static int build_steps(struct out *o, const struct device *dev)
{
    int rc = device_class_of(dev->kind)->build(o, dev);
    if (rc == 0 && !o->steps->steps.n)
        rc = out_unsupported(o, dev, "is part of the machine and cannot be plugged in or out");
    return finish_steps(o, rc);
}

int device_plug_steps(const struct command_input *in, const struct device *dev,
                      struct device_steps *ret, struct error *err)
{
    struct out o = out_init(in, err);
    o.steps = ret;
    return device_check_change(dev, DEVICE_ATTACH, err) < 0 ? -1 : build_steps(&o, dev);
}

int device_unplug_steps(const struct command_input *in, const struct device *dev,
                        struct device_steps *ret, struct error *err)
{
    struct out o = out_init(in, err);
    o.steps = ret;
    o.undo = true;
    return device_check_change(dev, DEVICE_DETACH, err) < 0 ? -1 : build_steps(&o, dev);
}

int device_update_steps(const struct command_input *in, const struct device *old,
                        const struct device *now, struct device_steps *ret, struct error *err)
{
    struct out o = out_init(in, err);
    o.steps = ret;
    if (device_check_change(old, DEVICE_UPDATE, err) < 0)
        return -1;
    return finish_steps(&o, device_class_of(old->kind)->update(&o, old, now));
}
