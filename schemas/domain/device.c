// SPDX-License-Identifier: LGPL-2.1-or-later
// What all devices share: alias, boot order, address, virtio options; <devices>; and the operations
// that need no more than the registry of kinds.
#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include "schemas/domain/internal.h"

static DOC_ENUM_VALUES(address_type_values,
                       "ccid ccw dimm spapr-vio unassigned virtio-mmio", [ADDRESS_PCI] = "pci",
                       [ADDRESS_DRIVE] = "drive", [ADDRESS_VIRTIO_SERIAL] = "virtio-serial",
                       [ADDRESS_USB] = "usb", [ADDRESS_ISA] = "isa");

// ---- tables that every device shares

#define S struct device_address
static const struct doc_row address_rows[] = {
    D_ENUM(ATTR, "type", type, &address_type_values, .flags = DOC_TAG | DOC_REQUIRED),
    D_HEX(ATTR, "domain", domain, 4, 0xffffffff, .when = DOC_BIT(ADDRESS_PCI), .def = "0"),
    D_UINT(ATTR, "controller", controller, 0, 0xffffffff,
           .when = DOC_BIT(ADDRESS_DRIVE) | DOC_BIT(ADDRESS_VIRTIO_SERIAL), .def = "0"),
    D_HEX(ATTR, "bus", bus, 2, 0xff, .when = DOC_BIT(ADDRESS_PCI), .def = "0"),
    D_UINT(ATTR, "bus", bus, 0, 0xffffffff,
           .when = DOC_BIT(ADDRESS_DRIVE) | DOC_BIT(ADDRESS_VIRTIO_SERIAL) | DOC_BIT(ADDRESS_USB),
           .def = "0"),
    D_HEX(ATTR, "slot", slot, 2, 0x1f, .when = DOC_BIT(ADDRESS_PCI), .def = "0"),
    D_HEX(ATTR, "function", function, 1, 7, .when = DOC_BIT(ADDRESS_PCI), .def = "0"),
    D_ONOFF(ATTR, "multifunction", multifunction, .when = DOC_BIT(ADDRESS_PCI)),
    D_UINT(ATTR, "target", target, 0, 0xffffffff, .when = DOC_BIT(ADDRESS_DRIVE), .def = "0"),
    D_UINT(ATTR, "unit", unit, 0, 0xffffffff, .when = DOC_BIT(ADDRESS_DRIVE), .def = "0"),
    D_UINT(ATTR, "port", serial_port, 0, 0xffffffff, .when = DOC_BIT(ADDRESS_VIRTIO_SERIAL),
           .def = "0"),
    D_TOKEN(ATTR, "port", usb_port, .when = DOC_BIT(ADDRESS_USB)),
    D_HEX(ATTR, "iobase", iobase, 1, 0xffffffff, .when = DOC_BIT(ADDRESS_ISA)),
    D_HEX(ATTR, "irq", irq, 1, 0xffffffff, .when = DOC_BIT(ADDRESS_ISA)),
};
static const struct doc_type address_doc =
    DOC_TYPE("address", S, address_rows, DOC_TAGGED(S, type, &address_type_values));
#undef S

static bool is_own_alias(const void *obj)
{
    const struct device *dev = obj;
    return dev->alias && str_starts(dev->alias, "ua-");
}

#define S struct device
static const struct doc_row alias_rows[] = {
    D_TOKEN(ATTR, "name", alias, .flags = DOC_LIVE, .keep = is_own_alias),
};
static const struct doc_type alias_doc = DOC_TYPE("alias", S, alias_rows);
static const struct doc_row tail_rows[] = {
    D_ELEM("alias", &alias_doc),
    D_ELEM_AT("address", &address_doc, address),
};
const struct doc_type device_tail_doc = DOC_TYPE("deviceTail", S, tail_rows);

static const struct doc_row boot_order_rows[] = {
    D_UINT(ATTR, "order", boot_order, 1, 0x7fffffff, .flags = DOC_REQUIRED),
};
static const struct doc_type boot_order_doc = DOC_TYPE("bootOrder", S, boot_order_rows);
static const struct doc_row boot_rows[] = {
    D_ELEM("boot", &boot_order_doc),
};
const struct doc_type device_boot_doc = DOC_TYPE("deviceBoot", S, boot_rows);
#undef S

#define S struct virtio_options
static const struct doc_row virtio_rows[] = {
    D_ONOFF(ATTR, "iommu", iommu),
    D_ONOFF(ATTR, "ats", ats),
    D_ONOFF(ATTR, "packed", packed),
    D_ONOFF(ATTR, "page_per_vq", page_per_vq),
};
const struct doc_type virtio_options_doc = DOC_TYPE("virtioOptions", S, virtio_rows);
#undef S

// ---- the registry

struct registry_entry {
    const char *element;
    const struct device_schema *schema;
    size_t offset; // in struct domain_def: struct device_list, or struct device * when single
    bool single;
};

static const struct registry_entry registry[] = {
#define DEVICE_LIST(kind, element, type, member)                                                   \
    [DEVICE_##kind] = {#element, &element##_schema, offsetof(struct domain_def, member), false},
#define DEVICE_ONE(kind, element, type, member)                                                    \
    [DEVICE_##kind] = {#element, &element##_schema, offsetof(struct domain_def, member), true},
#include "schemas/domain/devices.def"
};
static_assert(ARRAY_LEN(registry) == DEVICE_KIND_COUNT, "each device kind has a schema");

#define S struct domain_def
static const struct doc_row devices_rows[] = {
    D_TOKEN(LEAF, "emulator", emulator),
#define DEVICE_LIST(kind, element, type, member) D_LIST(#element, &element##_schema.doc, member),
#define DEVICE_ONE(kind, element, type, member)  D_CHILD(#element, &element##_schema.doc, member),
#include "schemas/domain/devices.def"
};
static const struct doc_type devices_doc = DOC_TYPE("devices", S, devices_rows);
static const struct doc_row devices_part_rows[] = {
    D_ELEM("devices", &devices_doc, .flags = DOC_ONCE),
};
#undef S

const char *address_type_name(enum address_type type)
{
    return doc_enum_name(&address_type_values, type);
}

const char *device_kind_name(enum device_kind kind)
{
    return kind > DEVICE_NONE && kind < DEVICE_KIND_COUNT ? registry[kind].element : "?";
}

static const struct doc_type *doc_of(const struct device *dev)
{
    return &registry[dev->kind].schema->doc;
}

static enum device_kind kind_of_element(const char *element)
{
    for (enum device_kind k = DEVICE_NONE + 1; k < DEVICE_KIND_COUNT; k++) {
        if (str_eq(registry[k].element, element))
            return k;
    }
    return DEVICE_NONE;
}

// ---- one device by itself

static struct doc device_document(enum device_kind kind)
{
    struct doc d = domain_doc;
    d.what = "device";
    d.root = registry[kind].element;
    d.type = kind == DEVICE_NONE ? NULL : &registry[kind].schema->doc;
    return d;
}

struct device *domain_device_parse(const char *xml, size_t len, unsigned flags, struct error *err)
{
    struct doc d = device_document(DEVICE_NONE);
    AUTO_FREE char *root = doc_root_name(&d, xml, len, err);
    if (!root)
        return NULL;
    enum device_kind kind = kind_of_element(root);
    if (kind == DEVICE_NONE) {
        error_set(err, ERROR_CONFIG_UNSUPPORTED, AREA_DOMAIN,
                  "device document: <%s> is no device that vireo provides", root);
        return NULL;
    }
    d = device_document(kind);
    struct device *dev = xcalloc(1, d.type->size);
    if (doc_parse(&d, xml, len, flags & DOMAIN_PARSE_LIVE ? DOC_WITH_LIVE : 0, dev, err) < 0) {
        free(dev);
        return NULL;
    }
    return dev;
}

char *domain_device_format(const struct device *dev, unsigned flags)
{
    struct doc d = device_document(dev->kind);
    return doc_format(&d, dev, domain_doc_flags(flags));
}

struct device *domain_device_copy(const struct device *dev)
{
    struct device *copy = xmalloc(doc_of(dev)->size);
    doc_copy(doc_of(dev), copy, dev);
    return copy;
}

void domain_device_destroy(struct device *dev)
{
    if (!dev)
        return;
    doc_finish(doc_of(dev), dev);
    free(dev);
}

// ---- the devices of a definition

static void *field_of(const struct domain_def *def, enum device_kind kind)
{
    return (char *)def + registry[kind].offset;
}

static struct device_list *list_of(const struct domain_def *def, enum device_kind kind)
{
    return field_of(def, kind);
}

static struct device *load_single(const struct domain_def *def, enum device_kind kind)
{
    struct device *dev;
    memcpy(&dev, field_of(def, kind), sizeof(dev));
    return dev;
}

static void store_single(struct domain_def *def, enum device_kind kind, struct device *dev)
{
    memcpy(field_of(def, kind), &dev, sizeof(dev));
}

static int each_of_kind(const struct domain_def *def, enum device_kind kind,
                        int (*fn)(struct device *dev, void *arg), void *arg)
{
    if (registry[kind].single) {
        struct device *dev = load_single(def, kind);
        return dev ? fn(dev, arg) : 0;
    }
    struct device_list list = *list_of(def, kind);
    for (size_t i = 0; i < list.n; i++) {
        int r = fn(list.v[i], arg);
        if (r)
            return r;
    }
    return 0;
}

int domain_def_each_device(const struct domain_def *def, int (*fn)(struct device *dev, void *arg),
                           void *arg)
{
    int r = 0;
    for (enum device_kind k = DEVICE_NONE + 1; k < DEVICE_KIND_COUNT && r == 0; k++)
        r = each_of_kind(def, k, fn, arg);
    return r;
}

void domain_def_add_device(struct domain_def *def, struct device *dev)
{
    if (registry[dev->kind].single) {
        domain_device_destroy(load_single(def, dev->kind));
        store_single(def, dev->kind, dev);
    } else {
        struct device_list *list = list_of(def, dev->kind);
        vec_push(list, dev);
    }
}

// Its index in its list; the list's length when it is not in it.
static size_t position(const struct device_list *list, const struct device *dev)
{
    size_t i = 0;
    while (i < list->n && list->v[i] != dev)
        i++;
    return i;
}

void domain_def_replace_device(struct domain_def *def, struct device *old, struct device *new)
{
    if (registry[old->kind].single) {
        store_single(def, old->kind, new);
        return;
    }
    struct device_list *list = list_of(def, old->kind);
    size_t i = position(list, old);
    if (i < list->n)
        list->v[i] = new;
}

int domain_def_remove_device(struct domain_def *def, struct device *dev)
{
    if (registry[dev->kind].single) {
        if (load_single(def, dev->kind) != dev)
            return -ENOENT;
        store_single(def, dev->kind, NULL);
        return 0;
    }
    struct device_list *list = list_of(def, dev->kind);
    size_t i = position(list, dev);
    if (i == list->n)
        return -ENOENT;
    vec_remove(list, i);
    return 0;
}

// ---- all devices completed and checked

int device_check_virtio_model(const struct domain_def *def, const struct device *dev,
                              const char *model, struct error *err)
{
    static const char *const models[] = {"virtio", "virtio-transitional",
                                         "virtio-non-transitional"};
    for (size_t i = 0; i < ARRAY_LEN(models); i++) {
        if (str_eq(model, models[i]))
            return 0;
    }
    return device_fail(def, dev, ERROR_CONFIG_UNSUPPORTED, err,
                       "<%s model='%.40s'> is not supported; virtio, virtio-transitional and "
                       "virtio-non-transitional are",
                       device_kind_name(dev->kind), model);
}

static void fill_devices(struct domain_fill *f)
{
    const char *emulator = f->defaults->emulator;
    if (!f->def->emulator && emulator)
        f->def->emulator = xstrdup(emulator);
    for (enum device_kind k = DEVICE_NONE + 1; k < DEVICE_KIND_COUNT; k++) {
        if (registry[k].schema->fill)
            registry[k].schema->fill(f);
    }
}

struct check {
    const struct domain_def *def;
    struct error *err;
    VEC(const struct device *) named; // those seen with an alias or a boot order
};

// The parts of one USB 2 controller have one index, and one alias.
static bool share_alias(const struct device *a, const struct device *b)
{
    if (a->kind != DEVICE_CONTROLLER || b->kind != DEVICE_CONTROLLER)
        return false;
    const struct domain_controller *x = (const struct domain_controller *)a;
    const struct domain_controller *y = (const struct domain_controller *)b;
    return x->type == CONTROLLER_USB && y->type == CONTROLLER_USB &&
           x->index.value == y->index.value;
}

static int check_unique(struct check *c, const struct device *dev)
{
    VEC_FOREACH (it, &c->named) {
        const struct device *o = *it;
        if (dev->alias && str_eq(dev->alias, o->alias) && !share_alias(dev, o))
            return device_fail(c->def, dev, ERROR_XML, c->err, "alias '%s' is used twice",
                               dev->alias);
        if (dev->boot_order.set && opt_uint_eq(&dev->boot_order, &o->boot_order))
            return device_fail(c->def, dev, ERROR_XML, c->err,
                               "boot order %" PRIu64 " is used twice", dev->boot_order.value);
    }
    if (dev->alias || dev->boot_order.set)
        vec_push(&c->named, dev);
    return 0;
}

static int check_device(struct device *dev, void *arg)
{
    struct check *c = arg;
    const struct device_schema *schema = registry[dev->kind].schema;
    if (schema->check && schema->check(c->def, dev, c->err) < 0)
        return -1;
    if (dev->boot_order.set && c->def->os.boot.n)
        return device_fail(c->def, dev, ERROR_CONFIG_UNSUPPORTED, c->err,
                           "<boot order=> of a device and <boot dev=> in <os> cannot go together; "
                           "keep one of them");
    return console_is_serial(c->def, dev) ? 0 : check_unique(c, dev);
}

static int check_devices(const struct domain_def *def, struct error *err)
{
    struct check c = {.def = def, .err = err};
    int r = domain_def_each_device(def, check_device, &c);
    vec_finish(&c.named);
    return r;
}

const struct part_schema devices_part = {
    .doc = DOC_TYPE("domainDevices", struct domain_def, devices_part_rows),
    .fill = fill_devices,
    .check = check_devices,
};
