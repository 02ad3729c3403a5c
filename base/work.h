// SPDX-License-Identifier: LGPL-2.1-or-later
// A few helper threads for calls that block. They share nothing with the loop but this queue.
#pragma once

#include <systemd/sd-event.h>

struct work_pool;

struct work_pool *work_pool_create(sd_event *event);
void work_pool_destroy(struct work_pool *p); // finishes what is queued first
// Runs fn(arg) on a thread, then done(arg) on the loop; done may be NULL.
void work_pool_submit(struct work_pool *p, void (*fn)(void *arg), void (*done)(void *arg),
                      void *arg);
