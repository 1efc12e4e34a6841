/* SPDX-License-Identifier: ISC */
/* From one file to another: sendfile(2), copy_file_range(2). And flushing. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "file.h"
#include "mount.h"
#include "page.h"
#include "rt_syscall.h"
#include "vnode.h"

#define COPY_BYTES (256UL << 10)

/*
 * Through a buffer. A NULL offset is the file's own. What was read but could
 * not be written is read again.
 */
static long copy(int from, int64_t *from_at, int to, int64_t *to_at,
		 size_t bytes)
{
	char *buffer = __rt_malloc(COPY_BYTES);
	size_t total = 0;
	long n = 0, done = 0;

	if (!buffer)
		return -ENOMEM;
	while (total < bytes) {
		size_t want = bytes - total;

		want = want < COPY_BYTES ? want : COPY_BYTES;
		n = from_at ? __rt_sys_pread64(from, buffer, want, *from_at)
			    : __rt_sys_read(from, buffer, want);
		if (n <= 0)
			break;
		done = to_at ? __rt_sys_pwrite64(to, buffer, (size_t)n, *to_at)
			     : __rt_sys_write(to, buffer, (size_t)n);
		if (from_at && done > 0)
			*from_at += done;
		else if (!from_at && done < n)
			__rt_sys_lseek(from, (done > 0 ? done : 0) - n,
				       SEEK_CUR);
		if (to_at && done > 0)
			*to_at += done;
		if (done > 0)
			total += (size_t)done;
		if (done < n) {
			n = done;
			break;
		}
	}
	__rt_free(buffer);
	return total ? (long)total : n;
}

long __rt_sys_sendfile(int to, int from, int64_t *offset, size_t bytes)
{
	const struct rt_file *f = __rt_file(from), *t = __rt_file(to);

	if (!f || !t)
		return -EBADF;
	if (!f->ops->size || (t->flags & O_APPEND))
		return -EINVAL;
	return copy(from, offset, to, NULL, bytes);
}

static int is_dir(const struct rt_file *f)
{
	return f->vnode && S_ISDIR(f->vnode->mode);
}

long __rt_sys_copy_file_range(int from, int64_t *from_at, int to,
			      int64_t *to_at, size_t bytes, unsigned flags)
{
	const struct rt_file *f = __rt_file(from), *t = __rt_file(to);

	uint64_t a, b;

	if (!f || !t)
		return -EBADF;
	if (flags)
		return -EINVAL;
	if (is_dir(f) || is_dir(t))
		return -EISDIR;
	if (!f->vnode || !t->vnode || !S_ISREG(f->vnode->mode) ||
	    !S_ISREG(t->vnode->mode))
		return -EINVAL;
	if (!__rt_reads(f) || !__rt_writes(t) || (t->flags & O_APPEND))
		return -EBADF;
	a = from_at ? (uint64_t)*from_at : f->offset;
	b = to_at ? (uint64_t)*to_at : t->offset;
	if (a + bytes < a || b + bytes < b)
		return -EOVERFLOW;
	if (a >= f->vnode->size)
		return 0;
	if (bytes > f->vnode->size - a)
		bytes = f->vnode->size - a;
	if (f->vnode == t->vnode && a < b + bytes && b < a + bytes)
		return -EINVAL;
	return copy(from, from_at, to, to_at, bytes);
}

long __rt_sys_syncfs(int fd)
{
	const struct rt_file *f = __rt_file(fd);

	if (!f)
		return -EBADF;
	return f->vnode ? __rt_mount_sync(f->vnode->mount) : 0;
}

/* No promise of durability is made: sync_file_range(2). */
long __rt_sys_sync_file_range(int fd, int64_t offset, int64_t bytes,
			      unsigned flags)
{
	const struct rt_file *f = __rt_file(fd);

	if (!f)
		return -EBADF;
	if (flags & ~7U || offset < 0 || bytes < 0 ||
	    bytes > INT64_MAX - offset)
		return -EINVAL;
	if (!f->vnode)
		return -ESPIPE;
	return __rt_page_write_back(f->vnode);
}

/* Advice may be ignored. */
long __rt_sys_fadvise64(int fd, int64_t offset, int64_t bytes, int advice)
{
	const struct rt_file *f = __rt_file(fd);

	(void)offset, (void)bytes;
	if (!f)
		return -EBADF;
	if (!f->ops->size)
		return -ESPIPE;
	return advice < 0 || advice > POSIX_FADV_NOREUSE ? -EINVAL : 0;
}

long __rt_sys_readahead(int fd, int64_t offset, size_t bytes)
{
	const struct rt_file *f = __rt_file(fd);

	(void)offset, (void)bytes;
	return !f || !__rt_reads(f) ? -EBADF : 0;
}
