// SPDX-License-Identifier: LGPL-2.1-or-later
// Helper threads for calls that block. They share only this queue with the loop.
#pragma once

#include <stdbool.h>
#include <systemd/sd-event.h>

struct work_pool;
struct work_item;

struct work_pool *work_pool_create(sd_event *event);
// Runs the queued items first, but does not wait for calls of an `owner`, which may never return.
void work_pool_destroy(struct work_pool *p);
// Runs fn(arg) on a thread, then done(arg) on the loop; done may be NULL. With `owner`, an address
// that is only compared, the work is bounded: see task_offload_until(). The item is valid until
// done() is called or it is withdrawn.
struct work_item *work_pool_submit(struct work_pool *p, const void *owner, void (*fn)(void *arg),
                                   void (*done)(void *arg), void *arg);
// Withdraws an item that no thread has begun; neither of its functions is called then. False when
// it has begun.
bool work_pool_withdraw(struct work_pool *p, struct work_item *item);
