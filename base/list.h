// SPDX-License-Identifier: LGPL-2.1-or-later
// Intrusive doubly linked list. An item is in at most one list per link. A removed link points to
// itself, so removing it twice is harmless.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include "base/cleanup.h"

struct list {
    struct list *next, *prev;
};

static inline void list_init(struct list *l)
{
    l->next = l->prev = l;
}

static inline bool list_empty(const struct list *l)
{
    return l->next == l;
}

static inline void list_append(struct list *head, struct list *item)
{
    item->prev = head->prev;
    item->next = head;
    head->prev->next = item;
    head->prev = item;
}

static inline void list_remove(struct list *item)
{
    item->prev->next = item->next;
    item->next->prev = item->prev;
    list_init(item);
}

#define LIST_ITEM(link, type, member) CONTAINER_OF(link, type, member)

#define LIST_FIRST(head, type, member)                                                             \
    (list_empty(head) ? NULL : LIST_ITEM((head)->next, type, member))

#define LIST_FOREACH(it, head, member)                                                             \
    for (it = LIST_ITEM((head)->next, __typeof__(*it), member); &it->member != (head);             \
         it = LIST_ITEM(it->member.next, __typeof__(*it), member))

// `it` may be removed or freed in the body.
#define LIST_FOREACH_SAFE(it, tmp, head, member)                                                   \
    for (it = LIST_ITEM((head)->next, __typeof__(*it), member),                                    \
        tmp = LIST_ITEM(it->member.next, __typeof__(*it), member);                                 \
         &it->member != (head);                                                                    \
         it = tmp, tmp = LIST_ITEM(it->member.next, __typeof__(*it), member))
