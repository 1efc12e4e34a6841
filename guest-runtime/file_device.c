/* SPDX-License-Identifier: ISC */
/* /dev/null, zero, full, random and urandom. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "file.h"
#include "file_device.h"
#include "file_vnode.h"
#include "rt_syscall.h"
#include "vnode.h"

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

static void node_stat(struct rt_file *file, struct stat *st)
{
	__rt_vnode_stat(file->vnode, st);
}

static void node_release(struct rt_file *file)
{
	__rt_vnode_put(file->vnode);
}

static const struct rt_file_ops null_ops = {
	.readv = null_readv,
	.writev = sink_writev,
	.size = no_size,
	.stat = node_stat,
	.release = node_release,
};

static const struct rt_file_ops zero_ops = {
	.readv = zero_readv,
	.writev = sink_writev,
	.size = no_size,
	.stat = node_stat,
	.release = node_release,
};

static const struct rt_file_ops full_ops = {
	.readv = zero_readv,
	.writev = full_writev,
	.size = no_size,
	.stat = node_stat,
	.release = node_release,
};

static const struct rt_file_ops random_ops = {
	.readv = random_readv,
	.writev = sink_writev,
	.size = no_size,
	.stat = node_stat,
	.release = node_release,
};

const struct rt_file_ops *__rt_memory_device(unsigned minor)
{
	switch (minor) {
	case 3:
		return &null_ops;
	case 5:
		return &zero_ops;
	case 7:
		return &full_ops;
	case 8:
	case 9:
		return &random_ops;
	default:
		return NULL;
	}
}
