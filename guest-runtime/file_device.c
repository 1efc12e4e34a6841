/* SPDX-License-Identifier: ISC */
/* /dev/null, zero, full, random, urandom, and a name for every disk. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "file.h"
#include "file_disk.h"
#include "rt_syscall.h"
#include "runtime.h"

static long sink_writev(struct rt_file *file, const struct iovec *iov,
			int count, uint64_t offset)
{
	(void)file, (void)offset;
	return __rt_iov_bytes(iov, count);
}

static long full_writev(struct rt_file *file, const struct iovec *iov,
			int count, uint64_t offset)
{
	(void)file, (void)iov, (void)count, (void)offset;
	return -ENOSPC;
}

static long null_readv(struct rt_file *file, const struct iovec *iov, int count,
		       uint64_t offset)
{
	(void)file, (void)iov, (void)count, (void)offset;
	return 0;
}

static long zero_readv(struct rt_file *file, const struct iovec *iov, int count,
		       uint64_t offset)
{
	(void)file, (void)offset;
	for (int i = 0; i < count; i++)
		memset(iov[i].iov_base, 0, iov[i].iov_len);
	return __rt_iov_bytes(iov, count);
}

static long random_readv(struct rt_file *file, const struct iovec *iov,
			 int count, uint64_t offset)
{
	long total = 0, n;

	(void)file, (void)offset;
	for (int i = 0; i < count; i++) {
		n = __rt_sys_getrandom(iov[i].iov_base, iov[i].iov_len, 0);
		if (n < 0)
			return total ? total : n;
		total += n;
		if ((size_t)n < iov[i].iov_len)
			break;
	}
	return total;
}

static uint64_t no_size(struct rt_file *file)
{
	(void)file;
	return 0;
}

static const struct {
	const char *name;
	struct rt_file_ops ops;
} devices[] = {
	{"null",
	 {null_readv, sink_writev, NULL, NULL, no_size, S_IFCHR | 0666}},
	{"zero",
	 {zero_readv, sink_writev, NULL, NULL, no_size, S_IFCHR | 0666}},
	{"full",
	 {zero_readv, full_writev, NULL, NULL, no_size, S_IFCHR | 0666}},
	{"random",
	 {random_readv, sink_writev, NULL, NULL, no_size, S_IFCHR | 0666}},
	{"urandom",
	 {random_readv, sink_writev, NULL, NULL, no_size, S_IFCHR | 0666}},
};

int __rt_device_open(struct rt_file *file, const char *name, int flags)
{
	if (flags & O_DIRECTORY)
		return -ENOTDIR;
	for (unsigned i = 0; i < sizeof(devices) / sizeof(devices[0]); i++) {
		if (!strcmp(name, devices[i].name)) {
			file->ops = &devices[i].ops;
			return 0;
		}
	}
	return __rt_disk_open(file, name, flags);
}
