/* SPDX-License-Identifier: ISC */
#include "yama.h"

#include <fcntl.h>
#include <unistd.h>

int yama_ptrace_scope(void)
{
	int fd = open("/proc/sys/kernel/yama/ptrace_scope",
		      O_RDONLY | O_CLOEXEC);
	char digit = 0;

	if (fd < 0)
		return -1;
	if (read(fd, &digit, 1) != 1)
		digit = 0;
	close(fd);
	return digit >= '0' && digit <= '9' ? digit - '0' : -1;
}
