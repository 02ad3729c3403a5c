// SPDX-License-Identifier: GPL-2.0-or-later
// Running guests on disk, so that the next vireod finds them again.
//
// How this works
//
// RUN/NAME.pid      The number of its QEMU, and the lock that QEMU holds (pid_file.h).
// RUN/NAME.status   State, reason, id and the live document; written before the process is started,
//                   and at each change. Not made durable: a machine that lost power has lost its
//                   guests too.
// RUN/NAME.monitor  The listening socket of QEMU's monitor.
// RUN/UUID/         The sockets of the domain's channels, and ALIAS.pid of each side process. No
//                   name in it is the user's.
#include "base/file.h"
#include "supervisor/internal.h"
#include "supervisor/pid_file.h"
#include "supervisor/side.h"

#include <errno.h>
#include <fcntl.h>
#include <libxml/parser.h>
#include <libxml/tree.h>
#include <sys/file.h>

enum {
    STATUS_VERSION = 1,
    SOCKET_NAME_MAX = 80, // leaves space in sun_path for what unix_listen() puts before it
};

static char *run_path(const struct domain *dom, const char *suffix)
{
    return path_for_name(dom->all->config.run_dir, dom->name, suffix);
}

char *status_pid_path(const struct domain *dom)
{
    return run_path(dom, ".pid");
}

// A socket's name has to be short. That of a long-named guest is made of its uuid; no guest's name
// is written with a dot in front.
char *status_monitor_path(const struct domain *dom)
{
    char uuid[UUID_TEXT_SIZE];
    char *path = run_path(dom, ".monitor");
    if (strlen(strrchr(path, '/') + 1) <= SOCKET_NAME_MAX)
        return path;
    free(path);
    return xasprintf("%s/.%s.monitor", dom->all->config.run_dir, uuid_format(&dom->uuid, uuid));
}

char *status_dir_path(const struct domain *dom)
{
    char uuid[UUID_TEXT_SIZE];
    return path_join(dom->all->config.run_dir, uuid_format(&dom->uuid, uuid));
}

char *status_format(const struct domain *dom)
{
    AUTO_STRBUF b = {0};
    // Until it is launched its last move is the end of the time before.
    enum domain_move reason = dom->state == DOMAIN_SHUTOFF ? MOVE_NONE : dom->reason;
    strbuf_printf(&b, "<vireo-domain version='%d' id='%d' state='%s' pid='%d' start-time='%ju'",
                  STATUS_VERSION, dom->id, domain_moves[reason].name, (int)dom->process.pid,
                  (uintmax_t)dom->process.start_time);
    // A stored definition may be set aside as damaged: then its domain is no transient one.
    enum side_state side_state = dom->def ? SIDE_STATE_KEEP : dom->side_state;
    if (dom->sides.n && side_state != SIDE_STATE_AS_DEFINED)
        strbuf_printf(&b, " side-state='%d'", side_state);
    strbuf_add(&b, ">\n");
    VEC_FOREACH (g, &dom->granted) {
        strbuf_printf(&b, "<granted uid='%u' gid='%u' dev='%ju' ino='%ju' path='", g->uid, g->gid,
                      (uintmax_t)g->dev, (uintmax_t)g->ino);
        strbuf_add_xml(&b, g->path);
        strbuf_add(&b, "'/>\n");
    }
    VEC_FOREACH (m, &dom->macvtaps) {
        char mac[OPT_MAC_TEXT_SIZE];
        strbuf_add(&b, "<macvtap name='");
        strbuf_add_xml(&b, m->name);
        strbuf_printf(&b, "' mac='%s' index='%d'/>\n", opt_mac_format(&m->mac, mac), m->index);
    }
    VEC_FOREACH (side, &dom->sides) {
        strbuf_add(&b, "<side alias='");
        strbuf_add_xml(&b, (*side)->alias);
        strbuf_printf(&b, "' pid='%d' start-time='%ju'/>\n", (int)(*side)->process.pid,
                      (uintmax_t)(*side)->process.start_time);
    }
    struct domain_def *def = domain_def_copy(dom->live);
    if (dom->plugging)
        domain_def_add_device(def, domain_device_copy(dom->plugging));
    AUTO_FREE char *xml = domain_def_format(def, DOMAIN_XML_STATE);
    domain_def_destroy(def);
    strbuf_add(&b, xml);
    strbuf_add(&b, "</vireo-domain>\n");
    return strbuf_steal(&b);
}

int status_save(struct domain *dom, struct error *err)
{
    AUTO_FREE char *text = status_format(dom);
    AUTO_ERROR failure = ERROR_INIT;
    int r = object_status_save(&dom->object, text, strlen(text), err ? err : &failure);
    if (r < 0 && !err)
        log_domain(LOG_LEVEL_ERROR, dom->name, "%s", error_message(&failure));
    return r;
}

void status_remove(struct domain *dom)
{
    // A process that could not be ended keeps its lock: the next start must find that.
    AUTO_CLOSE int lock = -1;
    AUTO_FREE char *pid = status_pid_path(dom);
    if (pid_file_lock(pid, &lock) == -EWOULDBLOCK)
        return;
    AUTO_FREE char *monitor = status_monitor_path(dom);
    unlink(monitor);
    unlink(pid);
    AUTO_FREE char *dir = status_dir_path(dom);
    dir_remove_all(dir);
    object_status_remove(&dom->object);
}

static int attribute_number(xmlNode *node, const char *name, uint64_t max, uint64_t *ret)
{
    xmlChar *text = xmlGetNoNsProp(node, (const xmlChar *)name);
    int r = text ? str_to_u64((const char *)text, 10, max, ret) : -EINVAL;
    xmlFree(text);
    return r;
}

static void parse_granted(xmlNode *node, struct status *ret)
{
    uint64_t uid, gid, dev, ino;
    xmlChar *path = xmlGetNoNsProp(node, (const xmlChar *)"path");
    if (path && attribute_number(node, "uid", UINT32_MAX, &uid) == 0 &&
        attribute_number(node, "gid", UINT32_MAX, &gid) == 0 &&
        attribute_number(node, "dev", UINT64_MAX, &dev) == 0 &&
        attribute_number(node, "ino", UINT64_MAX, &ino) == 0) {
        struct granted g = {.path = xstrdup((const char *)path),
                            .uid = (uid_t)uid,
                            .gid = (gid_t)gid,
                            .dev = dev,
                            .ino = ino};
        vec_push(&ret->granted, g);
    }
    xmlFree(path);
}

static void parse_macvtap(xmlNode *node, struct status *ret)
{
    uint64_t index;
    struct domain_macvtap m = {0};
    xmlChar *name = xmlGetNoNsProp(node, (const xmlChar *)"name");
    xmlChar *mac = xmlGetNoNsProp(node, (const xmlChar *)"mac");
    if (name && mac && strlen((const char *)name) < sizeof(m.name) &&
        opt_mac_parse((const char *)mac, &m.mac) == 0 &&
        attribute_number(node, "index", INT32_MAX, &index) == 0) {
        strcpy(m.name, (const char *)name);
        m.index = (int)index;
        vec_push(&ret->macvtaps, m);
    }
    xmlFree(name);
    xmlFree(mac);
}

static void parse_side(xmlNode *node, struct status *ret)
{
    uint64_t pid, start_time;
    xmlChar *alias = xmlGetNoNsProp(node, (const xmlChar *)"alias");
    if (alias && attribute_number(node, "pid", INT32_MAX, &pid) == 0 &&
        attribute_number(node, "start-time", UINT64_MAX, &start_time) == 0)
        vec_push(&ret->sides, side_create((const char *)alias, (pid_t)pid, start_time));
    xmlFree(alias);
}

// An unknown state is an error and not guessed: a domain taken for half started would be ended.
static int parse_state(xmlNode *root, struct status *ret)
{
    xmlChar *name = xmlGetNoNsProp(root, (const xmlChar *)"state");
    int found = -1;
    for (int i = 0; i < DOMAIN_MOVE_COUNT; i++) {
        if (name && str_eq(domain_moves[i].name, (const char *)name))
            found = i;
    }
    xmlFree(name);
    if (found < 0 || (domain_moves[found].to == DOMAIN_SHUTOFF && found != MOVE_NONE))
        return -1;
    ret->reason = (enum domain_move)found;
    ret->state = domain_moves[found].to;
    return 0;
}

static int parse_root(xmlDoc *doc, struct status *ret, struct error *err)
{
    xmlNode *root = xmlDocGetRootElement(doc);
    uint64_t version, id, pid, start_time, side_state;
    if (!root || !xmlStrEqual(root->name, (const xmlChar *)"vireo-domain") ||
        attribute_number(root, "version", INT32_MAX, &version) < 0 ||
        attribute_number(root, "id", INT32_MAX, &id) < 0 ||
        attribute_number(root, "pid", INT32_MAX, &pid) < 0 ||
        attribute_number(root, "start-time", UINT64_MAX, &start_time) < 0)
        return error_set(err, ERROR_XML, AREA_XML, "it is no status file of a domain");
    if (version != STATUS_VERSION)
        return error_set(err, ERROR_XML, AREA_XML, "it has version %ju, not %d", (uintmax_t)version,
                         STATUS_VERSION);
    ret->id = (int)id;
    ret->pid = (pid_t)pid;
    ret->start_time = start_time;
    if (attribute_number(root, "side-state", SIDE_STATE_REMOVE, &side_state) == 0)
        ret->side_state = (enum side_state)side_state;
    if (parse_state(root, ret) < 0)
        return error_set(err, ERROR_XML, AREA_XML, "its state is not that of an active domain");
    xmlNode *child = xmlFirstElementChild(root);
    for (; child; child = xmlNextElementSibling(child)) {
        if (xmlStrEqual(child->name, (const xmlChar *)"granted"))
            parse_granted(child, ret);
        else if (xmlStrEqual(child->name, (const xmlChar *)"macvtap"))
            parse_macvtap(child, ret);
        else if (xmlStrEqual(child->name, (const xmlChar *)"side"))
            parse_side(child, ret);
        else
            break;
    }
    if (!child)
        return error_set(err, ERROR_XML, AREA_XML, "it lacks the domain's document");
    xmlBuffer *buffer = xmlBufferCreate();
    xmlNodeDump(buffer, doc, child, 0, 0);
    ret->def = domain_def_parse((const char *)xmlBufferContent(buffer),
                                (size_t)xmlBufferLength(buffer), DOMAIN_PARSE_LIVE, err);
    xmlBufferFree(buffer);
    if (!ret->def)
        return -1;
    if (!ret->def->name || !ret->def->uuid.set)
        return error_set(err, ERROR_XML, AREA_XML, "the domain's document has no name or no uuid");
    return 0;
}

int status_parse(const char *text, size_t len, struct status *ret, struct error *err)
{
    *ret = (struct status){.state = DOMAIN_PAUSED, .reason = MOVE_LAUNCHED};
    if (len > INT32_MAX)
        return error_set(err, ERROR_XML, AREA_XML, "it is too large");
    xmlDoc *doc = xmlReadMemory(text, (int)len, NULL, NULL,
                                XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
    if (!doc)
        return error_set(err, ERROR_XML, AREA_XML, "it is not well-formed XML");
    int r = doc->intSubset ? error_set(err, ERROR_XML, AREA_XML, "it has a document type")
                           : parse_root(doc, ret, err);
    xmlFreeDoc(doc);
    if (r < 0)
        status_finish(ret);
    return r;
}

void status_finish(struct status *s)
{
    domain_def_destroy(s->def);
    s->def = NULL;
    granted_finish(&s->granted);
    vec_finish(&s->macvtaps);
    sides_finish(&s->sides);
}

void granted_finish(struct granted_list *list)
{
    VEC_FOREACH (g, list)
        free(g->path);
    vec_finish(list);
}

static int sweep_one(const char *name, void *arg)
{
    AUTO_FREE char *pid = path_join(arg, name);
    AUTO_FREE char *state = xasprintf("%.*s.status", (int)(strlen(pid) - strlen(".pid")), pid);
    AUTO_CLOSE int fd = open(pid, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (fd >= 0 && access(state, F_OK) < 0 && flock(fd, LOCK_EX | LOCK_NB) == 0)
        unlink(pid);
    return 0;
}

void status_sweep(const char *run_dir)
{
    (void)dir_each(run_dir, ".pid", sweep_one, (void *)run_dir);
}
