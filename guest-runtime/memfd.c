/* SPDX-License-Identifier: ISC */
/* memfd_create(2): a file in /tmp without a name. It cannot be sealed. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>

#include "create.h"
#include "rt_syscall.h"

#define NAME_BYTES 249 /* at most: memfd_create(2) */

long __rt_sys_memfd_create(const char *name, unsigned flags)
{
	int how = O_TMPFILE | O_RDWR | O_EXCL;
	unsigned mask = __rt_umask;
	long fd;

	if (flags & ~(MFD_CLOEXEC | MFD_ALLOW_SEALING))
		return -EINVAL;
	if (strnlen(name, NAME_BYTES + 1) > NAME_BYTES)
		return -EINVAL;
	/* As Linux's, which the mask does not touch. */
	__rt_umask = 0;
	fd = __rt_sys_openat(AT_FDCWD, "/tmp",
			     flags & MFD_CLOEXEC ? how | O_CLOEXEC : how, 0777);
	__rt_umask = mask;
	return fd;
}
