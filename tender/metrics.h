/* SPDX-License-Identifier: ISC */
/* Statistics for Prometheus, by HTTP on a Unix socket. */
#ifndef METRICS_H
#define METRICS_H

struct stats;

/*
 * Starts a process that answers on @path from what is in @stats, which is
 * memory shared with it, until the descriptor that this returns is closed, at
 * the latest when this process ends. -errno after printing why not.
 */
int metrics_start(const char *path, const struct stats *stats);

#endif
