/* SPDX-License-Identifier: ISC */
#include "sandbox_ids.h"

#include <errno.h>
#include <linux/capability.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/*
 * Plain system calls, as there is one thread: the C library's functions would
 * bring along what stops all others. The same three are in the plan of the
 * guest's process (guest_plan_x86_64.c).
 */
void sandbox_drop_ids(void)
{
	/* Ends at the first that this kernel has not, or may not be dropped. */
	for (unsigned long cap = 0; prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) == 0;
	     cap++)
		;
	if (geteuid() != 0)
		return;
	(void)syscall(SYS_setgroups, 0, NULL);
	(void)syscall(SYS_setresgid, NOBODY, NOBODY, NOBODY);
	(void)syscall(SYS_setresuid, NOBODY, NOBODY, NOBODY);
}

int sandbox_drop_capabilities(void)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {{0}};

	(void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	return syscall(SYS_capset, &header, none) < 0 ? -errno : 0;
}
