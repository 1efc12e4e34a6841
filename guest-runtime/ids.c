/* SPDX-License-Identifier: ISC */
/*
 * Users, groups, sessions. Programs give up root and look whether they have
 * lost it, so ids are kept as credentials(7) says; files do not ask for them.
 */
#include <errno.h>
#include <string.h>

#include "rt_syscall.h"

#define KEEP	    ((unsigned)-1)
#define MOST_GROUPS 64

struct ids {
	unsigned real, effective, saved, fs;
};

static struct ids user, group;
static unsigned groups[MOST_GROUPS];
static size_t group_count;

long __rt_sys_getuid(void)
{
	return user.real;
}

long __rt_sys_geteuid(void)
{
	return user.effective;
}

long __rt_sys_getgid(void)
{
	return group.real;
}

long __rt_sys_getegid(void)
{
	return group.effective;
}

static int is_root(void)
{
	return !user.effective;
}

static int is_one_of(const struct ids *ids, unsigned id)
{
	return id == KEEP || id == ids->real || id == ids->effective ||
	       id == ids->saved;
}

/* setuid(2) */
static long set(struct ids *ids, unsigned id)
{
	if (id == KEEP)
		return -EINVAL;
	if (is_root())
		ids->real = ids->saved = id;
	else if (id != ids->real && id != ids->saved)
		return -EPERM;
	ids->effective = ids->fs = id;
	return 0;
}

static long set_three(struct ids *ids, unsigned real, unsigned effective,
		      unsigned saved)
{
	if (!is_root() && !(is_one_of(ids, real) && is_one_of(ids, effective) &&
			    is_one_of(ids, saved)))
		return -EPERM;
	if (real != KEEP)
		ids->real = real;
	if (effective != KEEP)
		ids->effective = effective;
	if (saved != KEEP)
		ids->saved = saved;
	ids->fs = ids->effective;
	return 0;
}

/* setreuid(2): when the saved one follows is its own rule. */
static long set_two(struct ids *ids, unsigned real, unsigned effective)
{
	int saves =
		real != KEEP || (effective != KEEP && effective != ids->real);

	if (!is_root() && real != KEEP && real != ids->real &&
	    real != ids->effective)
		return -EPERM;
	if (!is_root() && !is_one_of(ids, effective))
		return -EPERM;
	if (real != KEEP)
		ids->real = real;
	if (effective != KEEP)
		ids->effective = effective;
	if (saves)
		ids->saved = ids->effective;
	ids->fs = ids->effective;
	return 0;
}

/* Tells what it was, and nothing else. */
static long set_fs(struct ids *ids, unsigned id)
{
	unsigned was = ids->fs;

	if (id != KEEP && (is_root() || is_one_of(ids, id) || id == ids->fs))
		ids->fs = id;
	return was;
}

static long get_three(const struct ids *ids, unsigned *real,
		      unsigned *effective, unsigned *saved)
{
	*real = ids->real;
	*effective = ids->effective;
	*saved = ids->saved;
	return 0;
}

long __rt_sys_setuid(unsigned id)
{
	return set(&user, id);
}

long __rt_sys_setgid(unsigned id)
{
	return set(&group, id);
}

long __rt_sys_setreuid(unsigned real, unsigned effective)
{
	return set_two(&user, real, effective);
}

long __rt_sys_setregid(unsigned real, unsigned effective)
{
	return set_two(&group, real, effective);
}

long __rt_sys_setresuid(unsigned real, unsigned effective, unsigned saved)
{
	return set_three(&user, real, effective, saved);
}

long __rt_sys_setresgid(unsigned real, unsigned effective, unsigned saved)
{
	return set_three(&group, real, effective, saved);
}

long __rt_sys_getresuid(unsigned *real, unsigned *effective, unsigned *saved)
{
	return get_three(&user, real, effective, saved);
}

long __rt_sys_getresgid(unsigned *real, unsigned *effective, unsigned *saved)
{
	return get_three(&group, real, effective, saved);
}

long __rt_sys_setfsuid(unsigned id)
{
	return set_fs(&user, id);
}

long __rt_sys_setfsgid(unsigned id)
{
	return set_fs(&group, id);
}

long __rt_sys_getgroups(int count, unsigned *to)
{
	if (count < 0)
		return -EINVAL;
	if (!count)
		return (long)group_count;
	if ((size_t)count < group_count)
		return -EINVAL;
	memcpy(to, groups, group_count * sizeof(*to));
	return (long)group_count;
}

long __rt_sys_setgroups(size_t count, const unsigned *from)
{
	if (!is_root())
		return -EPERM;
	if (count > MOST_GROUPS)
		return -EINVAL;
	memcpy(groups, from, count * sizeof(*from));
	group_count = count;
	return 0;
}

/* Process 1 leads the one session and the one group of processes. */
static long leader(int pid)
{
	if (pid < 0)
		return -EINVAL;
	return pid <= 1 ? 1 : -ESRCH;
}

long __rt_sys_getpgrp(void)
{
	return 1;
}

long __rt_sys_getpgid(int pid)
{
	return pid < 0 ? -ESRCH : leader(pid);
}

long __rt_sys_getsid(int pid)
{
	return pid < 0 ? -ESRCH : leader(pid);
}

long __rt_sys_setsid(void)
{
	return -EPERM;
}

long __rt_sys_setpgid(int pid, int to)
{
	if (to < 0)
		return -EINVAL;
	return leader(pid) < 0 ? -ESRCH : -EPERM;
}
