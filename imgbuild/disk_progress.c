/* SPDX-License-Identifier: ISC */
#include "disk_progress.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "disk_text.h"
#include "process.h"

#define SHOWN_FROM_BYTES ((uint64_t)8 << 20)
#define PERIOD_NS	 100000000
#define BAR_CELLS	 30

static void draw(const struct disk_progress *p)
{
	char bar[BAR_CELLS + 1], done[24], total[24];
	uint64_t at =
		p->done_bytes < p->total_bytes ? p->done_bytes : p->total_bytes;
	size_t cells =
		(size_t)(BAR_CELLS * (at >> 10) / (p->total_bytes >> 10));

	memset(bar, '#', cells);
	memset(bar + cells, '.', BAR_CELLS - cells);
	bar[BAR_CELLS] = '\0';
	disk_text_size(done, at);
	disk_text_size(total, p->total_bytes);
	fprintf(stderr, "\r[%s] %3u%%  %s of %s\033[K", bar,
		(unsigned)(100 * (at >> 10) / (p->total_bytes >> 10)), done,
		total);
}

void disk_progress_begin(struct disk_progress *p, uint64_t total_bytes)
{
	p->total_bytes = total_bytes;
	p->done_bytes = 0;
	p->shown = total_bytes >= SHOWN_FROM_BYTES && isatty(STDERR_FILENO);
	clock_gettime(CLOCK_MONOTONIC, &p->last);
	if (p->shown)
		draw(p);
}

int disk_progress_add(struct disk_progress *p, uint64_t bytes)
{
	struct timespec now;

	p->done_bytes += bytes;
	if (p->signals && process_signals_caught(p->signals))
		return EINTR;
	if (!p->shown)
		return 0;
	clock_gettime(CLOCK_MONOTONIC, &now);
	if ((now.tv_sec - p->last.tv_sec) * 1000000000 + now.tv_nsec -
		    p->last.tv_nsec >=
	    PERIOD_NS) {
		p->last = now;
		draw(p);
	}
	return 0;
}

void disk_progress_end(struct disk_progress *p)
{
	if (p->shown)
		disk_progress_clear();
	p->shown = false;
}

void disk_progress_clear(void)
{
	if (isatty(STDERR_FILENO))
		fputs("\r\033[K", stderr);
}
