/* SPDX-License-Identifier: ISC */
/*
 * What surrounds the runtime's files, for a fuzz target: a disk in memory, a
 * clock, memory, and the end of a machine, after which nothing may be left.
 */
#ifndef VFS_MACHINE_H
#define VFS_MACHINE_H

/* These two for their tables, which a machine that ends has to empty. */
/* clang-format off */
#include "guest-runtime/vnode.c" /* NOLINT(bugprone-suspicious-include) */
#include "guest-runtime/mount.c" /* NOLINT(bugprone-suspicious-include) */
/* clang-format on */

#include <stdlib.h>
#include <sys/mman.h>

#include "ext_image.h"
#include "fifo.h"
#include "file.h"
#include "file_console.h"
#include "file_map.h"
#include "host_signal.h"
#include "memory_hook.h"
#include "resolv.h"
#include "thread.h"
#include "wait.h"

#define HEAP_BYTES (16u << 20) /* half of it for pages */

static struct image machine_disk;
static struct bp_device machine_device = {
	.kind = BP_DEVICE_BLOCK,
	.name = "data",
};
static struct bp_boot_info machine_boot = {.device_count = 1};
static uint64_t machine_ns;
static long machine_fail_memory; /* allocations until one fails; -1: none */

const struct bp_boot_info *__rt_boot = &machine_boot;
void (*__rt_at_exit)(void);
void (*__rt_memory_shrink)(void);
size_t __rt_memory_reserve;
int __rt_memory_keep;
const struct rt_shared_maps *__rt_shared_maps;

uint64_t __rt_monotonic_ns(void)
{
	return machine_ns++;
}

void __rt_now(struct timespec *to)
{
	to->tv_sec = 1600000000 + (time_t)(machine_ns / 1000000000);
	to->tv_nsec = (long)(machine_ns % 1000000000);
}

static bool memory_left(void)
{
	return machine_fail_memory < 0 || machine_fail_memory-- > 0;
}

void *__rt_malloc(size_t bytes)
{
	return memory_left() ? malloc(bytes) : NULL;
}

void *__rt_calloc(size_t count, size_t bytes)
{
	return memory_left() ? calloc(count, bytes) : NULL;
}

void *__rt_realloc(void *old, size_t bytes)
{
	return memory_left() ? realloc(old, bytes) : NULL;
}

void __rt_free(void *p)
{
	free(p);
}

void *__rt_memory_take(size_t bytes)
{
	return memory_left() ? aligned_alloc(4096, bytes) : NULL;
}

void __rt_memory_give(void *start, size_t bytes)
{
	(void)bytes;
	free(start);
}

size_t __rt_memory_total(void)
{
	return HEAP_BYTES;
}

/* What file_map.c asks for is anonymous. */
long __rt_sys_mmap(uintptr_t hint, size_t bytes, int protection, int flags,
		   int fd, int64_t offset)
{
	void *p = mmap(NULL, bytes, protection, flags, fd, offset);

	(void)hint;
	return p == MAP_FAILED ? -ENOMEM : (long)p;
}

long __rt_sys_munmap(uintptr_t start, size_t bytes)
{
	return munmap((void *)start, bytes);
}

long __rt_sys_getrandom(void *to, size_t bytes, unsigned flags)
{
	(void)flags;
	memset(to, 0x5a, bytes);
	return (long)bytes;
}

void __rt_complain(const char *first, ...)
{
	(void)first;
}

/* One thread, which nobody wakes or interrupts. */
const struct rt_scheduler *__rt_scheduler;

unsigned __rt_waitq_wake(struct rt_waitq *queue, unsigned most)
{
	(void)queue, (void)most;
	return 0;
}

long __rt_wait_on(struct rt_waitq *queue, uint64_t deadline_ns)
{
	(void)queue, (void)deadline_ns;
	return -EDEADLK;
}

long __rt_host_signals_on(void)
{
	return 0;
}

/* No file of the network's. */
long __rt_resolv_attach(struct rt_mount *m)
{
	(void)m;
	return -ENOENT;
}

void __rt_poller_add(struct rt_poller *poller)
{
	(void)poller;
}

const struct bp_device *__rt_device(unsigned index)
{
	(void)index;
	return &machine_device;
}

static long machine_io(struct rt_disk *disk, enum bp_block_op op,
		       uint64_t offset, const struct bp_segment *list,
		       unsigned count)
{
	(void)disk;
	return image_io(&machine_disk.disk, op, offset, list, count);
}

void __rt_disk_of_device(struct rt_disk *disk, unsigned index)
{
	(void)index;
	*disk = machine_disk.disk;
	disk->io = machine_io;
}

long __rt_rootfs_mount(struct rt_mount *mount)
{
	(void)mount;
	return -ENOENT;
}

long __rt_dev_fill(struct rt_mount *mount)
{
	(void)mount;
	return 0;
}

long __rt_dev_open(mode_t type, dev_t rdev, int flags, struct rt_file **file)
{
	(void)type, (void)rdev, (void)flags, (void)file;
	return -ENXIO;
}

long __rt_console_readv(struct rt_file *file, const struct iovec *iov,
			int count, uint64_t offset)
{
	(void)file, (void)iov, (void)count, (void)offset;
	return -EIO;
}

/* Both ends would be needed. */
long __rt_fifo_open(struct rt_vnode *v, int flags, struct rt_file **to)
{
	(void)v, (void)flags, (void)to;
	return -ENXIO;
}

int __rt_dev_open_for_writing(unsigned device)
{
	(void)device;
	return 0;
}

static struct rt_mount *machine_data(void)
{
	struct rt_mount *m = mounts;

	while (m && strcmp(m->path, "/data") != 0)
		m = m->next;
	return m;
}

/* Nobody uses it any more, or a reference was lost. */
static void machine_evict(struct rt_mount *m, struct rt_vnode *v)
{
	if (v->refs != (v == m->root) || v->maps)
		abort();
	__rt_page_drop(v, 0);
	dirty_remove(v);
	if (!v->refs)
		idle_remove(v);
	unhash(v);
	m->ops->evict(v);
	free(v);
}

/*
 * Unmounts what is on /data, with no file open, no mapping left and another
 * working directory, so that it can be mounted again. 0 or -errno.
 */
static long machine_unmount(void)
{
	struct rt_mount *m = machine_data();
	int read_only;
	long err, closed;

	if (!m || m->attach)
		return 0;
	err = __rt_mount_sync(m);
	read_only = m->read_only;
	m->read_only = 1; /* what is deleted is nobody's by now */
	for (unsigned i = 0; i < BUCKETS; i++) {
		struct rt_vnode *v = table[i], *next;

		for (; v; v = next) {
			next = v->hash_next;
			if (v->mount == m)
				machine_evict(m, v);
		}
	}
	m->read_only = read_only;
	closed = m->ops->unmount(m);
	m->attach = attach_first;
	m->device = 0;
	m->commit_due_ns = 0;
	m->root = NULL;
	return err ? err : closed;
}

#endif
