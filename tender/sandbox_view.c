/* SPDX-License-Identifier: ISC */
#include "sandbox_view.h"

#include <errno.h>
#include <linux/landlock.h>
#include <sched.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sandbox_ids.h"

/*
 * A PID namespace holds only for children, and there will be none. That of
 * the network costs more than all others together, while Landlock and the
 * filter keep the tender from it too: it is for --sandbox=strict.
 */
#define NAMESPACES (CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS)

/* linux/landlock.h, of ABI 1, 4 and 6; headers may be older. */
#define ACCESS_FS_V1	0x1fffULL
#define ACCESS_NET_V4	0x3ULL
#define SCOPE_SOCKET_V6 0x1ULL
#define SCOPE_SIGNAL_V6 0x2ULL

struct ruleset {
	uint64_t handled_access_fs;
	uint64_t handled_access_net;
	uint64_t scoped;
};

/* All that was mounted goes; an empty directory that nobody can fill is "/". */
static int empty_root(void)
{
	const unsigned long flags =
		MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_RDONLY;

	/* The host is not to see it. */
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("none", "/", "tmpfs", flags, "nr_inodes=1") < 0)
		return -errno;
	/* "/.." leads into what is mounted over the old root. */
	if (chdir("/..") < 0)
		return -errno;
	/* An initramfs cannot be left like that, but nobody comes back. */
	if (syscall(SYS_pivot_root, ".", ".") == 0)
		(void)umount2(".", MNT_DETACH);
	else if (chroot(".") < 0)
		return -errno;
	return chdir("/") < 0 ? -errno : 0;
}

int sandbox_namespaces(bool network, const char **what)
{
	int flags = NAMESPACES | (network ? CLONE_NEWNET : 0), err;

	*what = "namespaces";
	/* Of root's own, if it may: a user namespace may be forbidden. */
	if (unshare(flags) < 0) {
		sandbox_drop_ids();
		if (unshare(CLONE_NEWUSER | flags) < 0)
			return -errno;
	}
	*what = "an empty root directory";
	err = empty_root();
	sandbox_drop_ids();
	return err;
}

int sandbox_landlock(bool has_children)
{
	struct ruleset rules = {.handled_access_fs = ACCESS_FS_V1};
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0,
			   LANDLOCK_CREATE_RULESET_VERSION);
	size_t bytes = sizeof(rules.handled_access_fs);
	int fd, err = 0;

	if (abi < 0)
		return -errno;
	if (abi >= 4) {
		rules.handled_access_net = ACCESS_NET_V4;
		bytes = offsetof(struct ruleset, scoped);
	}
	if (abi >= 6) {
		rules.scoped = SCOPE_SOCKET_V6;
		/* They were made before, outside. */
		rules.scoped |= has_children ? 0 : SCOPE_SIGNAL_V6;
		bytes = sizeof(rules);
	}
	fd = (int)syscall(SYS_landlock_create_ruleset, &rules, bytes, 0);
	if (fd < 0)
		return -errno;
	if (syscall(SYS_landlock_restrict_self, fd, 0) < 0)
		err = -errno;
	close(fd);
	return err;
}
