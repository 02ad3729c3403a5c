// SPDX-License-Identifier: LGPL-2.1-or-later
// Text to tree, within limits: no DTD (so no entities), no network, bounded size, depth and node
// count. The bounds act while libxml2 reads, before it has built anything large.
#include "schemas/doc/internal.h"

#include <libxml/SAX2.h>

struct reader {
    size_t nodes;
    unsigned depth;
    const char *refused; // why we stopped
    int line;
};

static void stop(xmlParserCtxt *ctxt, const char *why)
{
    struct reader *r = ctxt->_private;
    if (!r->refused) {
        r->refused = why;
        r->line = xmlSAX2GetLineNumber(ctxt);
    }
    xmlStopParser(ctxt);
}

static void on_start(void *arg, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri,
                     int nns, const xmlChar **ns, int nattrs, int ndefaulted, const xmlChar **attrs)
{
    xmlParserCtxt *ctxt = arg;
    struct reader *r = ctxt->_private;
    r->nodes += 1 + (size_t)nattrs + (size_t)nns;
    r->depth++;
    if (r->nodes > DOC_NODES_MAX)
        stop(ctxt, "has too many elements and attributes");
    else if (r->depth > DOC_DEPTH_MAX)
        stop(ctxt, "is nested too deeply");
    else
        xmlSAX2StartElementNs(ctxt, name, prefix, uri, nns, ns, nattrs, ndefaulted, attrs);
}

static void on_end(void *arg, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri)
{
    xmlParserCtxt *ctxt = arg;
    struct reader *r = ctxt->_private;
    r->depth--;
    xmlSAX2EndElementNs(ctxt, name, prefix, uri);
}

static void on_dtd(void *arg, const xmlChar *name, const xmlChar *id, const xmlChar *sys)
{
    (void)name, (void)id, (void)sys;
    stop(arg, "has a document type declaration, which is not accepted");
}

static void on_message(void *arg, const char *fmt, ...)
{
    // The last error is read from the context; nothing goes to stderr.
    (void)arg, (void)fmt;
}

static void ctxt_cleanup(xmlParserCtxt **ctxt)
{
    if (*ctxt)
        xmlFreeParserCtxt(*ctxt);
}

static int fail(const struct doc *d, xmlParserCtxt *ctxt, struct error *err)
{
    const struct reader *r = ctxt->_private;
    if (r->refused)
        return error_set(err, ERROR_XML_DETAIL, d->area, "%s document, line %d: it %s", d->what,
                         r->line, r->refused);
    const xmlError *e = xmlCtxtGetLastError(ctxt);
    const char *text = e && e->message ? e->message : "not well-formed";
    int n = (int)strcspn(text, "\n");
    return error_set(err, ERROR_XML_DETAIL, d->area,
                     "%s document, line %d: not well-formed XML: %.*s", d->what,
                     e && e->line > 0 ? e->line : 1, n, text);
}

xmlDoc *doc_xml_read(const struct doc *d, const char *xml, size_t len, struct error *err)
{
    if (len > DOC_SIZE_MAX) {
        error_set(err, ERROR_XML_DETAIL, d->area,
                  "%s document: it has %zu bytes, the most accepted are %d", d->what, len,
                  DOC_SIZE_MAX);
        return NULL;
    }
    CLEANUP(ctxt_cleanup) xmlParserCtxt *ctxt = xmlNewParserCtxt();
    if (!ctxt) {
        error_set(err, ERROR_NO_MEMORY, d->area, "%s document: out of memory", d->what);
        return NULL;
    }
    struct reader r = {0};
    ctxt->_private = &r;
    ctxt->sax->startElementNs = on_start;
    ctxt->sax->endElementNs = on_end;
    ctxt->sax->internalSubset = on_dtd;
    ctxt->sax->warning = ctxt->sax->error = ctxt->sax->fatalError = on_message;
    xmlDoc *tree = xmlCtxtReadMemory(ctxt, xml, (int)len, NULL, NULL,
                                     XML_PARSE_NONET | XML_PARSE_NOWARNING | XML_PARSE_NOERROR |
                                         XML_PARSE_NOCDATA | XML_PARSE_BIG_LINES);
    if (tree && ctxt->wellFormed && !r.refused && xmlDocGetRootElement(tree))
        return tree;
    if (tree)
        xmlFreeDoc(tree);
    ctxt->myDoc = NULL;
    fail(d, ctxt, err);
    return NULL;
}

char *doc_root_name(const struct doc *d, const char *xml, size_t len, struct error *err)
{
    AUTO_XMLDOC *tree = doc_xml_read(d, xml, len, err);
    return tree ? xstrdup((const char *)xmlDocGetRootElement(tree)->name) : NULL;
}
