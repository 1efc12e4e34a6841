/* SPDX-License-Identifier: ISC */
/* Reading from descriptors. */
#include "file.h"
#include "file_console.h"
#include "rt_syscall.h"

RT_LINK_WITH(__rt_console_readv);

long __rt_sys_readv(int fd, const struct iovec *iov, int count)
{
	return __rt_file_transfer(fd, 0, iov, count, NULL);
}

long __rt_sys_read(int fd, void *data, size_t bytes)
{
	struct iovec iov = {data, bytes};

	return __rt_file_transfer(fd, 0, &iov, 1, NULL);
}

long __rt_sys_preadv(int fd, const struct iovec *iov, int count, int64_t offset)
{
	return __rt_file_transfer(fd, 0, iov, count, &offset);
}

long __rt_sys_pread64(int fd, void *data, size_t bytes, int64_t offset)
{
	struct iovec iov = {data, bytes};

	return __rt_file_transfer(fd, 0, &iov, 1, &offset);
}
