/* SPDX-License-Identifier: ISC */
/*
 * Advisory locks. All opens of the guest are of one process, so that its POSIX
 * locks (F_SETLK) never conflict with each other: fcntl(2). Those of open file
 * descriptions (F_OFD_SETLK, flock) do.
 *
 * All that wait for any lock are in one queue, and look again when any is given
 * up. With one thread there is nobody who could do that: EDEADLK.
 */
#include "lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/file.h>
#include <unistd.h>

#include "file.h"
#include "rt_syscall.h"
#include "thread.h"
#include "vnode.h"
#include "wait.h"

#define END UINT64_MAX

static struct rt_waitq waiting;

struct lock {
	struct lock *next;
	struct rt_file *owner;
	bool whole; /* by flock(), which knows nothing of the others */
	bool exclusive;
	uint64_t start, end; /* end: not in it; END: all there is */
};

static struct lock *first_of(const struct rt_file *f)
{
	return f->vnode->locks;
}

/* The first one in the file that is in the way. */
static struct lock *find_conflict(const struct rt_file *f,
				  const struct lock *wanted)
{
	struct lock *l, *first = NULL;

	for (l = first_of(f); l; l = l->next)
		if (l->owner != f && l->whole == wanted->whole &&
		    (l->exclusive || wanted->exclusive) &&
		    l->start < wanted->end && wanted->start < l->end &&
		    (!first || l->start < first->start))
			first = l;
	return first;
}

/* Adds @l, and what touches it and is of its kind becomes part of it. */
static void add(struct rt_file *f, struct lock *l)
{
	struct lock **at = (struct lock **)&f->vnode->locks, *other;

	while ((other = *at)) {
		if (other->owner != f || other->whole != l->whole ||
		    other->exclusive != l->exclusive ||
		    (other->end != l->start && other->start != l->end)) {
			at = &other->next;
			continue;
		}
		if (other->end == l->start)
			l->start = other->start;
		else
			l->end = other->end;
		*at = other->next;
		__rt_free(other);
	}
	l->next = first_of(f);
	f->vnode->locks = l;
}

/*
 * Takes [start, end) out of @f's locks. @spare is for the one that may be cut
 * in two; returns it if it was not needed.
 */
static struct lock *cut(struct rt_file *f, bool whole, uint64_t start,
			uint64_t end, struct lock *spare)
{
	struct lock **at = (struct lock **)&f->vnode->locks, *l;

	while ((l = *at)) {
		if (l->owner != f || l->whole != whole || l->start >= end ||
		    l->end <= start) {
			at = &l->next;
		} else if (l->start < start && l->end > end) {
			*spare = *l;
			spare->start = end;
			l->end = start;
			l->next = spare;
			return NULL;
		} else if (l->start < start) {
			l->end = start;
			at = &l->next;
		} else if (l->end > end) {
			l->start = end;
			at = &l->next;
		} else {
			*at = l->next;
			__rt_free(l);
		}
	}
	return spare;
}

static void release(struct rt_file *f)
{
	cut(f, false, 0, END, NULL);
	cut(f, true, 0, END, NULL);
	__rt_waitq_wake(&waiting, RT_WAKE_ALL);
}

/* Until nothing is in the way. 0 or -errno. */
static long wait_for(struct rt_file *f, const struct lock *wanted)
{
	long err = 0;

	if (!__rt_scheduler)
		return -EDEADLK;
	/* flock() gives up what it had before it waits: flock(2). */
	if (wanted->whole) {
		cut(f, true, 0, END, NULL);
		__rt_waitq_wake(&waiting, RT_WAKE_ALL);
	}
	while (!err && find_conflict(f, wanted))
		err = __rt_wait_on(&waiting, RT_NEVER);
	return err;
}

static long set_held(struct rt_file *f, const struct lock *wanted, int unlock,
		     int wait)
{
	struct lock *spare, *l;
	long err;

	if (!unlock && find_conflict(f, wanted)) {
		err = wait ? wait_for(f, wanted) : -EAGAIN;
		if (err)
			return err;
	}
	__rt_locks_release = release;
	f->locks = 1;
	spare = __rt_malloc(sizeof(*spare));
	l = unlock ? NULL : __rt_malloc(sizeof(*l));
	if (!spare || (!unlock && !l)) {
		__rt_free(spare);
		__rt_free(l);
		return -ENOLCK;
	}
	__rt_free(cut(f, wanted->whole, wanted->start, wanted->end, spare));
	if (l) {
		*l = *wanted;
		add(f, l);
	}
	/* A lock was given up, or shares what it had for itself. */
	__rt_waitq_wake(&waiting, RT_WAKE_ALL);
	return 0;
}

/* The descriptor may be closed while it waits, and the lock with it. */
static long set(struct rt_file *f, const struct lock *wanted, int unlock,
		int wait)
{
	long err;

	__rt_file_hold(f);
	err = set_held(f, wanted, unlock, wait);
	__rt_file_put(f);
	return err;
}

/* The range of a struct flock. 0 or -errno. */
static long range(struct rt_file *f, const struct flock *from, struct lock *to)
{
	int64_t base = 0, start, last = INT64_MAX;

	if (from->l_whence == SEEK_CUR)
		base = (int64_t)f->offset;
	else if (from->l_whence == SEEK_END)
		base = (int64_t)f->vnode->size;
	else if (from->l_whence != SEEK_SET)
		return -EINVAL;
	if (__builtin_add_overflow(base, from->l_start, &start))
		return -EOVERFLOW;
	if (start < 0)
		return -EINVAL;
	if (from->l_len > 0) {
		if (from->l_len - 1 > INT64_MAX - start)
			return -EOVERFLOW;
		last = start + from->l_len - 1;
	} else if (from->l_len < 0) {
		last = start - 1;
		start += from->l_len;
		if (start < 0)
			return -EINVAL;
	}
	to->start = (uint64_t)start;
	to->end = last == INT64_MAX ? END : (uint64_t)last + 1;
	return 0;
}

static void tell(struct flock *to, const struct lock *l)
{
	to->l_type = l->exclusive ? F_WRLCK : F_RDLCK;
	to->l_whence = SEEK_SET;
	to->l_start = (off_t)l->start;
	to->l_len = l->end == END ? 0 : (off_t)(l->end - l->start);
	to->l_pid = -1;
}

long __rt_lock_fcntl(struct rt_file *file, int command, long arg)
{
	struct flock *fl = (struct flock *)arg;
	struct lock wanted = {.owner = file}, *conflict;
	long err;

	if (!file->vnode)
		return -EBADF;
	if (fl->l_type != F_RDLCK && fl->l_type != F_WRLCK &&
	    fl->l_type != F_UNLCK)
		return -EINVAL;
	err = range(file, fl, &wanted);
	if (err)
		return err;
	if (command == F_GETLK && fl->l_type == F_UNLCK)
		return -EINVAL;
	wanted.exclusive = fl->l_type == F_WRLCK;
	if (command != F_GETLK && command != F_OFD_GETLK &&
	    ((fl->l_type == F_RDLCK && !__rt_reads(file)) ||
	     (fl->l_type == F_WRLCK && !__rt_writes(file))))
		return -EBADF;
	if (command >= F_OFD_GETLK && fl->l_pid)
		return -EINVAL;
	switch (command) {
	case F_GETLK:
		fl->l_type = F_UNLCK;
		return 0;
	case F_OFD_GETLK:
		conflict = find_conflict(file, &wanted);
		if (conflict)
			tell(fl, conflict);
		else
			fl->l_type = F_UNLCK;
		return 0;
	case F_OFD_SETLK:
	case F_OFD_SETLKW:
		return set(file, &wanted, fl->l_type == F_UNLCK,
			   command == F_OFD_SETLKW);
	default:
		return 0;
	}
}

long __rt_sys_flock(int fd, int operation)
{
	struct rt_file *f = __rt_file(fd);
	struct lock wanted = {.owner = f, .whole = true, .end = END};

	if (!f || (f->flags & O_PATH))
		return -EBADF;
	if (!f->vnode)
		return 0;
	switch (operation & ~LOCK_NB) {
	case LOCK_SH:
	case LOCK_UN:
		break;
	case LOCK_EX:
		wanted.exclusive = true;
		break;
	default:
		return -EINVAL;
	}
	return set(f, &wanted, (operation & ~LOCK_NB) == LOCK_UN,
		   !(operation & LOCK_NB));
}
