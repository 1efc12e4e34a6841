/* SPDX-License-Identifier: ISC */
/*
 * Disks for tests of file systems: in memory, remembering what was written so
 * that it can be cut short, undone, or made to fail.
 */
#ifndef EXT_DISK_H
#define EXT_DISK_H

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "disk.h"
#include "tap.h"

/* A write, with the bytes that were there and those that came; or a flush. */
struct event {
	bool flush;
	uint64_t offset;
	size_t bytes, old_at, new_at;
};

struct memory_disk {
	struct rt_disk disk; /* first: io finds the rest by it */
	uint8_t *bytes;
	struct event *events;
	size_t count, room;
	uint8_t *data; /* of the events */
	size_t data_used, data_room;
	/* Writes and flushes until one fails; -1: none does. */
	long fail_after;
	long fail_errno;
	unsigned fail_times;
	uint64_t fail_seed; /* 0: what fails has no effect; else, some of it */
	size_t reads;
};

static inline void *must(void *p)
{
	if (!p)
		abort();
	return p;
}

static inline size_t keep_bytes(struct memory_disk *d, const void *from,
				size_t bytes)
{
	size_t at = d->data_used;

	while (d->data_used + bytes > d->data_room) {
		d->data_room = d->data_room ? 2 * d->data_room : 1 << 20;
		d->data = must(realloc(d->data, d->data_room));
	}
	memcpy(d->data + at, from, bytes);
	d->data_used += bytes;
	return at;
}

static inline struct event *new_event(struct memory_disk *d)
{
	if (d->count == d->room) {
		d->room = d->room ? 2 * d->room : 1024;
		d->events =
			must(realloc(d->events, d->room * sizeof(*d->events)));
	}
	d->events[d->count] = (struct event){.flush = true};
	return &d->events[d->count++];
}

static inline void disk_put(struct memory_disk *d, uint64_t offset,
			    const void *from, size_t bytes)
{
	struct event *e = new_event(d);

	e->flush = false;
	e->offset = offset;
	e->bytes = bytes;
	e->old_at = keep_bytes(d, d->bytes + offset, bytes);
	e->new_at = keep_bytes(d, from, bytes);
	memcpy(d->bytes + offset, from, bytes);
}

/* Whether this one is to fail; what of it happens all the same is random. */
static inline bool disk_fails(struct memory_disk *d)
{
	if (d->fail_after < 0)
		return false;
	if (d->fail_after > 0) {
		d->fail_after--;
		return false;
	}
	if (!--d->fail_times)
		d->fail_after = -1;
	return true;
}

static inline long disk_write(struct memory_disk *d, uint64_t offset,
			      const struct bp_segment *list, unsigned count)
{
	bool fails = disk_fails(d);
	uint32_t unit = d->disk.block_bytes;
	uint8_t *all, *at;
	uint64_t bytes = 0;

	for (unsigned i = 0; i < count; i++)
		bytes += list[i].bytes;
	at = all = must(malloc(bytes));
	for (unsigned i = 0; i < count; i++) {
		memcpy(at, (void *)(uintptr_t)list[i].gpa, list[i].bytes);
		at += list[i].bytes;
	}
	if (!fails)
		disk_put(d, offset, all, bytes);
	for (uint64_t i = 0; fails && d->fail_seed && i < bytes; i += unit)
		if (random_next(&d->fail_seed) & 1)
			disk_put(d, offset + i, all + i, unit);
	free(all);
	return fails ? d->fail_errno : 0;
}

static inline long disk_read(struct memory_disk *d, uint64_t offset,
			     const struct bp_segment *list, unsigned count)
{
	d->reads++;
	for (unsigned i = 0; i < count; i++) {
		memcpy((void *)(uintptr_t)list[i].gpa, d->bytes + offset,
		       list[i].bytes);
		offset += list[i].bytes;
	}
	return 0;
}

/* Holds requests against what disk.h promises of them. */
static inline long disk_io(struct rt_disk *disk, enum bp_block_op op,
			   uint64_t offset, const struct bp_segment *list,
			   unsigned count)
{
	struct memory_disk *d = (struct memory_disk *)disk;
	uint64_t bytes = 0;

	if (op == BP_BLOCK_FLUSH) {
		if (disk_fails(d))
			return d->fail_errno;
		new_event(d);
		return 0;
	}
	if (!count || count > BP_MAX_SEGMENTS || offset % disk->block_bytes)
		abort();
	for (unsigned i = 0; i < count; i++)
		bytes += list[i].bytes;
	if (bytes % disk->block_bytes)
		abort();
	if (offset > disk->bytes || bytes > disk->bytes - offset)
		return -EIO;
	if (op == BP_BLOCK_READ)
		return disk_read(d, offset, list, count);
	if (disk->read_only)
		abort();
	return disk_write(d, offset, list, count);
}

static inline void disk_init(struct memory_disk *d, uint64_t bytes,
			     uint32_t block_bytes)
{
	memset(d, 0, sizeof(*d));
	d->disk.name = "data";
	d->disk.bytes = bytes;
	d->disk.block_bytes = block_bytes;
	d->disk.io = disk_io;
	d->bytes = must(calloc(1, bytes));
	d->fail_after = -1;
}

static inline void disk_finish(struct memory_disk *d)
{
	free(d->bytes);
	free(d->events);
	free(d->data);
}

/* Forgets the events from @count on; with @undo, as if they had not been. */
static inline void disk_rewind(struct memory_disk *d, size_t count, bool undo)
{
	while (d->count > count) {
		const struct event *e = &d->events[--d->count];

		if (e->flush)
			continue;
		if (undo)
			memcpy(d->bytes + e->offset, d->data + e->old_at,
			       e->bytes);
		d->data_used = e->old_at;
	}
}

/* Lets @from's events before @count happen, each with a chance; torn too. */
static inline void disk_replay_some(struct memory_disk *to,
				    const struct memory_disk *from,
				    size_t first, size_t count, uint64_t *seed)
{
	uint64_t kind = random_next(seed) % 4;
	uint32_t unit = from->disk.block_bytes;
	size_t start = count > first ? random_next(seed) % (count - first) : 0;

	/* In any order: beginning anywhere and going round. */
	for (size_t i = 0; i < count - first; i++) {
		size_t which = first + (start + i) % (count - first);
		const struct event *e = &from->events[which];

		if (e->flush)
			continue;
		for (size_t at = 0; at < e->bytes; at += unit) {
			bool happens = kind == 0 || /* all */
				       (kind == 1 && which % 2 == start % 2) ||
				       (kind == 2 && random_next(seed) & 1) ||
				       (kind == 3 && random_next(seed) % 8);

			if (happens)
				disk_put(to, e->offset + at,
					 from->data + e->new_at + at, unit);
		}
	}
}

static inline void disk_replay_all(struct memory_disk *to,
				   const struct memory_disk *from, size_t first,
				   size_t count)
{
	for (size_t i = first; i < count; i++) {
		const struct event *e = &from->events[i];

		if (!e->flush)
			memcpy(to->bytes + e->offset, from->data + e->new_at,
			       e->bytes);
	}
}

static inline void disk_save(const struct memory_disk *d, const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	for (uint64_t at = 0; at < d->disk.bytes;) {
		ssize_t n =
			fd < 0 ? -1
			       : write(fd, d->bytes + at, d->disk.bytes - at);

		if (n <= 0)
			abort();
		at += (uint64_t)n;
	}
	close(fd);
}

static inline void disk_load(struct memory_disk *d, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	for (uint64_t at = 0; at < d->disk.bytes;) {
		ssize_t n =
			fd < 0 ? -1
			       : read(fd, d->bytes + at, d->disk.bytes - at);

		if (n <= 0)
			abort();
		at += (uint64_t)n;
	}
	close(fd);
}

/* Runs a command quietly: its exit status. What it said is in @log. */
__attribute__((format(printf, 2, 3))) static inline int
run(const char *log, const char *fmt, ...)
{
	char command[1024];
	va_list args;
	int n, status;

	va_start(args, fmt);
	n = vsnprintf(command, sizeof(command), fmt, args);
	va_end(args);
	snprintf(command + n, sizeof(command) - (size_t)n,
		 " >%s 2>&1 </dev/null", log);
	status = system(command);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

/* Shows what a command said, if it did not do what it should. */
static inline bool said_good(bool good, const char *log)
{
	FILE *f = good || tap_broken > TAP_MAX_SHOWN ? NULL : fopen(log, "re");
	char line[256];

	while (f && fgets(line, sizeof(line), f))
		fprintf(TAP_OUT, "#   %s", line);
	if (f)
		fclose(f);
	return good;
}

#endif
