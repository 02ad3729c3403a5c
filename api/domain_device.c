// SPDX-License-Identifier: GPL-2.0-or-later
// Devices, metadata and graphics of guests.
#include "api/domain.h"
#include "api/event_table.h"

enum { // virDomainDeviceModifyFlags: API_AFFECT_* and
    DEVICE_MODIFY_FORCE = 1 << 2,
};

static int attach(struct call *call, const struct wire_domain_ref *ref, const char *xml,
                  uint32_t flags, struct error *err)
{
    AUTO_DOMAIN struct domain *dom = NULL;
    if (api_check_flags(call, flags, API_AFFECT_LIVE | API_AFFECT_CONFIG, err) < 0 ||
        api_domain_get(call, ref, &dom, err) < 0)
        return -1;
    return domain_attach_device(call->task, dom, xml, api_domain_affect(flags), err);
}

// The calls without flags are about the running guest.
int api_domain_attach_device(struct call *call, const struct wire_domain_attach_device_args *args,
                             void *ret, struct error *err)
{
    (void)ret;
    return attach(call, &args->dom, args->xml, API_AFFECT_LIVE, err);
}

int api_domain_attach_device_flags(struct call *call,
                                   const struct wire_domain_attach_device_flags_args *args,
                                   void *ret, struct error *err)
{
    (void)ret;
    return attach(call, &args->dom, args->xml, args->flags, err);
}

static int detach(struct call *call, const struct wire_domain_ref *ref, const char *xml,
                  uint32_t flags, struct error *err)
{
    AUTO_DOMAIN struct domain *dom = NULL;
    bool gone;
    if (api_check_flags(call, flags, API_AFFECT_LIVE | API_AFFECT_CONFIG, err) < 0 ||
        api_domain_get(call, ref, &dom, err) < 0 ||
        domain_detach_device(call->task, dom, xml, api_domain_affect(flags), &gone, err) < 0)
        return -1;
    // As libvirt: a guest that was asked and has not answered is no failure. Event device-removed
    // tells.
    if (!gone)
        log_info("the guest has not let go of the device yet");
    return 0;
}

int api_domain_detach_device(struct call *call, const struct wire_domain_detach_device_args *args,
                             void *ret, struct error *err)
{
    (void)ret;
    return detach(call, &args->dom, args->xml, API_AFFECT_LIVE, err);
}

int api_domain_detach_device_flags(struct call *call,
                                   const struct wire_domain_detach_device_flags_args *args,
                                   void *ret, struct error *err)
{
    (void)ret;
    return detach(call, &args->dom, args->xml, args->flags, err);
}

int api_domain_detach_device_alias(struct call *call,
                                   const struct wire_domain_detach_device_alias_args *args,
                                   void *ret, struct error *err)
{
    (void)ret;
    AUTO_DOMAIN struct domain *dom = NULL;
    bool gone;
    if (api_check_flags(call, args->flags, API_AFFECT_LIVE | API_AFFECT_CONFIG, err) < 0 ||
        api_domain_get(call, &args->dom, &dom, err) < 0 ||
        domain_detach_alias(call->task, dom, args->alias, api_domain_affect(args->flags), &gone,
                            err) < 0)
        return -1;
    return 0; // as libvirt: this call only asks the guest
}

int api_domain_update_device_flags(struct call *call,
                                   const struct wire_domain_update_device_flags_args *args,
                                   void *ret, struct error *err)
{
    (void)ret;
    AUTO_DOMAIN struct domain *dom = NULL;
    uint32_t known = API_AFFECT_LIVE | API_AFFECT_CONFIG | DEVICE_MODIFY_FORCE;
    if (api_check_flags(call, args->flags, known, err) < 0 ||
        api_domain_get(call, &args->dom, &dom, err) < 0)
        return -1;
    return domain_update_device(call->task, dom, args->xml, api_domain_affect(args->flags), err);
}

// ---- metadata ----------------------------------------------------------------------------------

enum metadata_type { METADATA_DESCRIPTION, METADATA_TITLE, METADATA_ELEMENT };

int api_domain_get_metadata(struct call *call, const struct wire_domain_get_metadata_args *args,
                            struct wire_domain_get_metadata_ret *ret, struct error *err)
{
    AUTO_DOMAIN struct domain *dom = NULL;
    const struct domain_def *def;
    if (api_check_flags(call, args->flags, API_AFFECT_LIVE | API_AFFECT_CONFIG, err) < 0 ||
        api_domain_get(call, &args->dom, &dom, err) < 0 ||
        api_domain_definition(dom, args->flags, &def, err) < 0)
        return -1;
    AUTO_FREE char *element = NULL;
    const char *text = NULL;
    switch (args->type) {
    case METADATA_DESCRIPTION:
        text = def->description;
        break;
    case METADATA_TITLE:
        text = def->title;
        break;
    case METADATA_ELEMENT:
        if (!args->uri)
            return error_set(err, ERROR_INVALID_ARG, AREA_QEMU,
                             "metadata of type element is found by its uri, and there is none");
        element = def->metadata ? domain_metadata_get(def->metadata, args->uri) : NULL;
        text = element;
        break;
    default:
        return error_set(err, ERROR_INVALID_ARG, AREA_QEMU, "unknown metadata type %d", args->type);
    }
    if (!text)
        return error_set(err, ERROR_NO_DOMAIN_METADATA, AREA_QEMU,
                         "Requested metadata element is not present");
    ret->metadata = arena_strdup(call->arena, text);
    return 0;
}

static int set_metadata(struct domain_def *def, void *arg, struct error *err)
{
    const struct wire_domain_set_metadata_args *args = arg;
    switch (args->type) {
    case METADATA_DESCRIPTION:
        str_replace(&def->description, args->metadata && *args->metadata ? args->metadata : NULL);
        return 0;
    case METADATA_TITLE:
        if (args->metadata && strchr(args->metadata, '\n'))
            return error_set(err, ERROR_INVALID_ARG, AREA_QEMU, "a title is a single line");
        str_replace(&def->title, args->metadata && *args->metadata ? args->metadata : NULL);
        return 0;
    case METADATA_ELEMENT:
        if (!args->uri || (args->metadata && !args->key))
            return error_set(err, ERROR_INVALID_ARG, AREA_QEMU,
                             "metadata of type element needs a key and a uri");
        return domain_metadata_set(&def->metadata, args->key, args->uri, args->metadata, err);
    default:
        return error_set(err, ERROR_INVALID_ARG, AREA_QEMU, "unknown metadata type %d", args->type);
    }
}

int api_domain_set_metadata(struct call *call, const struct wire_domain_set_metadata_args *args,
                            void *ret, struct error *err)
{
    (void)ret;
    AUTO_DOMAIN struct domain *dom = NULL;
    if (api_check_flags(call, args->flags, API_AFFECT_LIVE | API_AFFECT_CONFIG, err) < 0 ||
        api_domain_get(call, &args->dom, &dom, err) < 0 ||
        domain_change(call->task, dom, api_domain_affect(args->flags), set_metadata, (void *)args,
                      err) < 0)
        return -1;
    struct wire_domain_event_callback_metadata_change_msg m = {
        .dom = api_domain_ref(dom), .type = args->type, .nsuri = args->uri};
    api_send_domain_event_callback_metadata_change(call_daemon(call), &m);
    return 0;
}

// ---- graphics ----------------------------------------------------------------------------------

enum { GRAPHICS_SKIP_AUTH = 1 << 0 };

// The client keeps one end and sends us the other, which QEMU gets.
int api_domain_open_graphics_fd(struct call *call,
                                const struct wire_domain_open_graphics_fd_args *args, void *ret,
                                struct error *err)
{
    (void)ret;
    AUTO_DOMAIN struct domain *dom = NULL;
    int fd;
    if (api_check_flags(call, args->flags, GRAPHICS_SKIP_AUTH, err) < 0 ||
        api_domain_get_active(call, &args->dom, &dom, err) < 0 ||
        domain_open_graphics(call->task, dom, args->idx, args->flags & GRAPHICS_SKIP_AUTH, &fd,
                             err) < 0)
        return -1;
    return call_give_fd(call, fd, err);
}
