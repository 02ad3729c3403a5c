// SPDX-License-Identifier: LGPL-2.1-or-later
// XML kept as text: <metadata> and other elements that vireod does not interpret.
#include "schemas/doc/internal.h"

#include <ctype.h>

bool doc_is_whitespace(const char *text)
{
    while (isspace((unsigned char)*text))
        text++;
    return !*text;
}

// Whitespace between elements is layout, not content; the formatter writes its own.
void doc_raw_drop_layout(xmlNode *node)
{
    bool elements = false;
    for (xmlNode *n = node->children; n; n = n->next) {
        if (n->type == XML_ELEMENT_NODE)
            elements = true;
        else if (n->type == XML_TEXT_NODE && !doc_is_whitespace((const char *)n->content))
            return;
    }
    for (xmlNode *n = node->children, *next; n; n = next) {
        next = n->next;
        if (n->type == XML_TEXT_NODE && elements) {
            xmlUnlinkNode(n);
            xmlFreeNode(n);
        } else if (n->type == XML_ELEMENT_NODE) {
            doc_raw_drop_layout(n);
        }
    }
}

char *doc_raw_text(xmlNode *node, int deeper)
{
    int level = 1 + deeper;
    for (const xmlNode *up = node->parent; up && up->type == XML_ELEMENT_NODE; up = up->parent)
        level++;
    AUTO_STRBUF out = {0};
    for (xmlNode *n = node->children; n; n = n->next) {
        if (n->type == XML_TEXT_NODE && doc_is_whitespace((const char *)n->content))
            continue;
        // A copy of its own brings the namespace declarations with it.
        xmlNode *copy = xmlDocCopyNode(n, node->doc, 1);
        xmlBuffer *buf = xmlBufferCreate();
        doc_raw_drop_layout(copy);
        xmlNodeDump(buf, node->doc, copy, level, 1);
        strbuf_printf(&out, "%*s", level * 2, "");
        const char *text = (const char *)xmlBufferContent(buf);
        size_t len = strlen(text), skip = 0;
        while (n->type == XML_TEXT_NODE && skip < len && isspace((unsigned char)text[skip]))
            skip++;
        while (n->type == XML_TEXT_NODE && len > skip && isspace((unsigned char)text[len - 1]))
            len--;
        strbuf_addn(&out, text + skip, len - skip);
        strbuf_addc(&out, '\n');
        xmlBufferFree(buf);
        xmlFreeNode(copy);
    }
    return strbuf_steal(&out);
}
