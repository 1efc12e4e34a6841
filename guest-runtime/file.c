/* SPDX-License-Identifier: ISC */
/* Writing and closing descriptors. Kinds of file know nothing here. */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/ioctl.h>

#include "rt_syscall.h"

/* Descriptors for all of them, and as many on the way or in use by calls. */
#define MAX_FILES (2 * RT_MAX_FDS)

struct rt_fd __rt_fds[RT_MAX_FDS];
int __rt_fd_limit = RT_MAX_FDS;
void (*__rt_locks_release)(struct rt_file *file);
void (*__rt_watches_release)(struct rt_file *file);

static struct rt_file files[MAX_FILES];

struct rt_file *__rt_file(int fd)
{
	return fd < 0 || fd >= RT_MAX_FDS ? NULL : __rt_fds[fd].file;
}

struct rt_file *__rt_file_new(const struct rt_file_ops *ops)
{
	static unsigned next;

	for (unsigned tried = 0; tried < MAX_FILES; tried++) {
		struct rt_file *f = &files[next++ % MAX_FILES];

		if (f->ops)
			continue;
		*f = (struct rt_file){.ops = ops};
		return f;
	}
	return NULL;
}

struct rt_file *__rt_file_hold(struct rt_file *file)
{
	file->refs++;
	return file;
}

void __rt_file_put(struct rt_file *file)
{
	if (--file->refs)
		return;
	if (file->watches)
		__rt_watches_release(file);
	if (file->locks)
		__rt_locks_release(file);
	if (file->ops->release)
		file->ops->release(file);
	file->ops = NULL;
}

int __rt_fd_find(int lowest)
{
	for (int fd = lowest; fd < __rt_fd_limit; fd++)
		if (!__rt_fds[fd].file)
			return fd;
	return -EMFILE;
}

void __rt_fd_set(int fd, struct rt_file *file, int flags)
{
	file->refs++;
	__rt_fds[fd] = (struct rt_fd){file, flags};
}

long __rt_file_install(struct rt_file *file, int flags)
{
	int fd;

	if (!file)
		return -ENFILE;
	fd = __rt_fd_find(0);
	if (fd < 0) {
		__rt_file_put(__rt_file_hold(file));
		return fd;
	}
	__rt_fd_set(fd, file, flags & O_CLOEXEC ? FD_CLOEXEC : 0);
	return fd;
}

long __rt_iov_bytes(const struct iovec *iov, int count)
{
	size_t left = LONG_MAX;

	if (count < 0 || count > IOV_MAX)
		return -EINVAL;
	for (int i = 0; i < count; i++) {
		if (iov[i].iov_len > left)
			return -EINVAL;
		left -= iov[i].iov_len;
	}
	return (long)(LONG_MAX - left);
}

long __rt_file_transfer(int fd, int write, const struct iovec *iov, int count,
			const int64_t *offset)
{
	struct rt_file *f = __rt_file(fd);
	uint64_t at;
	long n;

	if (!f || !(write ? __rt_writes(f) : __rt_reads(f)))
		return -EBADF;
	n = __rt_iov_bytes(iov, count);
	if (n < 0)
		return n;
	if (offset && !f->ops->size)
		return -ESPIPE;
	if (offset && *offset < 0)
		return -EINVAL;
	if (!(write ? f->ops->writev : f->ops->readv))
		return f->vnode ? -EISDIR : -EINVAL;
	at = offset ? (uint64_t)*offset : f->offset;
	if (f->ops->size && n > INT64_MAX - (int64_t)at)
		return -EINVAL;
	if (write && (f->flags & O_APPEND) && f->ops->size)
		at = f->ops->size(f);
	__rt_file_hold(f);
	n = (write ? f->ops->writev : f->ops->readv)(f, iov, count, at);
	if (n > 0 && !offset)
		f->offset = at + (uint64_t)n;
	__rt_file_put(f);
	return n;
}

long __rt_sys_writev(int fd, const struct iovec *iov, int count)
{
	return __rt_file_transfer(fd, 1, iov, count, NULL);
}

long __rt_sys_write(int fd, const void *data, size_t bytes)
{
	struct iovec iov = {(void *)(uintptr_t)data, bytes};

	return __rt_file_transfer(fd, 1, &iov, 1, NULL);
}

long __rt_sys_pwritev(int fd, const struct iovec *iov, int count,
		      int64_t offset)
{
	return __rt_file_transfer(fd, 1, iov, count, &offset);
}

long __rt_sys_pwrite64(int fd, const void *data, size_t bytes, int64_t offset)
{
	struct iovec iov = {(void *)(uintptr_t)data, bytes};

	return __rt_file_transfer(fd, 1, &iov, 1, &offset);
}

long __rt_sys_close(int fd)
{
	struct rt_file *f = __rt_file(fd);

	if (!f)
		return -EBADF;
	__rt_fds[fd].file = NULL;
	__rt_file_put(f);
	return 0;
}

long __rt_sys_ioctl(int fd, unsigned request, void *arg)
{
	struct rt_file *f = __rt_file(fd);

	if (!f || (f->flags & O_PATH))
		return -EBADF;
	switch (request) {
	case FIONBIO:
		f->flags &= ~O_NONBLOCK;
		f->flags |= *(const int *)arg ? O_NONBLOCK : 0;
		return 0;
	case FIOCLEX:
	case FIONCLEX:
		__rt_fds[fd].flags = request == FIOCLEX ? FD_CLOEXEC : 0;
		return 0;
	default:
		break;
	}
	return f->ops->ioctl ? f->ops->ioctl(f, request, arg) : -ENOTTY;
}
