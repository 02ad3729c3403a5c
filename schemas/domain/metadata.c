// SPDX-License-Identifier: LGPL-2.1-or-later
// One element of <metadata>, by its namespace.
#include "schemas/doc/internal.h"
#include "schemas/domain/internal.h"

static xmlDoc *read_metadata(const char *metadata, struct error *err)
{
    AUTO_FREE char *text = xasprintf("<metadata>%s</metadata>", metadata ? metadata : "");
    return doc_xml_read(&domain_doc, text, strlen(text), err);
}

static xmlNode *find(xmlDoc *tree, const char *uri)
{
    for (xmlNode *n = xmlDocGetRootElement(tree)->children; n; n = n->next) {
        if (n->type == XML_ELEMENT_NODE && n->ns && str_eq((const char *)n->ns->href, uri))
            return n;
    }
    return NULL;
}

// Clients know the element without the namespace that holds its place: out on the way to them, in
// on the way back.
static void swap_namespace(xmlNode *node, const char *uri, xmlNs *to)
{
    if (to ? !node->ns : node->ns && str_eq((const char *)node->ns->href, uri))
        node->ns = to;
    for (xmlNode *n = node->children; n; n = n->next) {
        if (n->type == XML_ELEMENT_NODE)
            swap_namespace(n, uri, to);
    }
}

static void drop_declaration(xmlNode *node, const char *uri)
{
    for (xmlNs **p = &node->nsDef; *p;) {
        xmlNs *ns = *p;
        if (str_eq((const char *)ns->href, uri)) {
            *p = ns->next;
            xmlFreeNs(ns);
        } else {
            p = &ns->next;
        }
    }
}

char *domain_metadata_get(const char *metadata, const char *uri)
{
    AUTO_XMLDOC *tree = read_metadata(metadata, NULL);
    xmlNode *node = tree ? find(tree, uri) : NULL;
    if (!node)
        return NULL;
    swap_namespace(node, uri, NULL);
    drop_declaration(node, uri);
    doc_raw_drop_layout(node);
    xmlBuffer *buf = xmlBufferCreate();
    xmlNodeDump(buf, tree, node, 0, 1);
    char *text = xstrdup((const char *)xmlBufferContent(buf));
    xmlBufferFree(buf);
    return text;
}

int domain_metadata_set(char **metadata, const char *key, const char *uri, const char *xml,
                        struct error *err)
{
    AUTO_XMLDOC *tree = read_metadata(*metadata, err);
    if (!tree)
        return -1;
    xmlNode *root = xmlDocGetRootElement(tree), *old = find(tree, uri);
    if (xml) {
        if (!key || xmlValidateNCName((const xmlChar *)key, 0) != 0)
            return error_set(err, ERROR_INVALID_ARG, AREA_DOMAIN,
                             "metadata: the key is no name that XML can use as a prefix");
        AUTO_XMLDOC *given = doc_xml_read(&domain_doc, xml, strlen(xml), err);
        if (!given)
            return error_prefix(err, "metadata");
        xmlNode *node = xmlDocCopyNode(xmlDocGetRootElement(given), tree, 1);
        xmlNs *ns = xmlNewNs(node, (const xmlChar *)uri, (const xmlChar *)key);
        if (!ns) {
            xmlFreeNode(node);
            return error_set(err, ERROR_INVALID_ARG, AREA_DOMAIN,
                             "metadata: the element has a namespace with the prefix '%s' already",
                             key);
        }
        swap_namespace(node, NULL, ns);
        xmlAddChild(root, node);
    }
    if (old) {
        xmlUnlinkNode(old);
        xmlFreeNode(old);
    }
    free(*metadata);
    AUTO_FREE char *text = doc_raw_text(root, 1);
    *metadata = *text ? STEAL(text) : NULL;
    return 0;
}
