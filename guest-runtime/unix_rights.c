/* SPDX-License-Identifier: ISC */
/* Control data of AF_UNIX: SCM_RIGHTS and SCM_CREDENTIALS. */
#include <errno.h>
#include <string.h>

#include "file.h"
#include "rt_syscall.h"
#include "unix.h"
#include "vnode.h"

#define MOST_FILES     253 /* as Linux */
/* Files in all packets, so that there is always one for a descriptor. */
#define MOST_UNDER_WAY (RT_MAX_FDS / 2)
/* From when on they are looked through for lost ones. */
#define MANY_UNDER_WAY 64

static unsigned under_way;

/* Whoever sends is known; another process, which there is not, cannot be. */
static long check_credentials(const struct cmsghdr *c)
{
	struct ucred said;

	if (c->cmsg_len != CMSG_LEN(sizeof(said)))
		return -EINVAL;
	memcpy(&said, CMSG_DATA(c), sizeof(said));
	return said.pid == 1 ? 0 : -ESRCH;
}

/* Holds the files of one list of descriptors. */
static long take(const struct cmsghdr *c, struct rt_file **files,
		 unsigned *count)
{
	unsigned n = (unsigned)((c->cmsg_len - CMSG_LEN(0)) / sizeof(int));
	int fds[MOST_FILES];

	if (n > MOST_FILES - *count)
		return -EINVAL;
	memcpy(fds, CMSG_DATA(c), n * sizeof(int));
	for (unsigned i = 0; i < n; i++) {
		struct rt_file *f = __rt_file(fds[i]);

		if (!f || (f->flags & O_PATH))
			return -EBADF;
		files[(*count)++] = __rt_file_hold(f);
		__rt_unix_file_leaves(f);
		under_way++;
	}
	return under_way > MOST_UNDER_WAY ? -ETOOMANYREFS : 0;
}

static long take_all(const struct rt_message *m, struct rt_file **files,
		     unsigned *count)
{
	size_t at = 0, left;
	long err = 0;

	while (!err && at < m->control_bytes &&
	       (left = m->control_bytes - at) >= sizeof(struct cmsghdr)) {
		const struct cmsghdr *c =
			(const void *)((const char *)m->control + at);

		if (c->cmsg_len < CMSG_LEN(0) || c->cmsg_len > left)
			return -EINVAL;
		at += CMSG_SPACE(c->cmsg_len - CMSG_LEN(0));
		if (c->cmsg_level != SOL_SOCKET)
			continue;
		if (c->cmsg_type == SCM_RIGHTS)
			err = take(c, files, count);
		else if (c->cmsg_type == SCM_CREDENTIALS)
			err = check_credentials(c);
		else
			err = -EINVAL;
	}
	return err;
}

void __rt_unix_drop_files(struct rt_file **files, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		under_way--;
		__rt_unix_file_arrives(files[i]);
		__rt_file_put(files[i]);
	}
	__rt_free(files);
}

long __rt_unix_take_files(const struct rt_message *m, struct rt_file ***files,
			  unsigned *count)
{
	long err;

	*files = NULL;
	*count = 0;
	if (!m->control_bytes)
		return 0;
	__rt_unix_closed = __rt_unix_collect;
	if (under_way >= MANY_UNDER_WAY)
		__rt_unix_collect();
	*files = __rt_malloc(MOST_FILES * sizeof(struct rt_file *));
	if (!*files)
		return -ENOMEM;
	err = take_all(m, *files, count);
	if (!err && *count)
		return 0;
	__rt_unix_drop_files(*files, *count);
	*files = NULL;
	*count = 0;
	return err;
}

/* Room for control data, and what of it is used. */
struct room {
	char *at;
	size_t left;
};

/* A header for @bytes of data; NULL: there is no room. */
static void *put_header(struct room *room, int type, size_t bytes)
{
	struct cmsghdr c = {
		.cmsg_len = (socklen_t)CMSG_LEN(bytes),
		.cmsg_level = SOL_SOCKET,
		.cmsg_type = type,
	};
	size_t all = CMSG_SPACE(bytes);
	char *at = room->at;

	if (CMSG_LEN(bytes) > room->left)
		return NULL;
	all = all < room->left ? all : room->left;
	memcpy(at, &c, sizeof(c));
	room->at += all;
	room->left -= all;
	return at + CMSG_LEN(0);
}

/* How many descriptors the room is enough for. */
static unsigned fitting(const struct room *room)
{
	return room->left < CMSG_LEN(0)
		       ? 0
		       : (unsigned)((room->left - CMSG_LEN(0)) / sizeof(int));
}

static void give_files(struct rt_message *m, const struct rt_unix_packet *p,
		       struct room *room)
{
	int fds[MOST_FILES];
	unsigned n = fitting(room), done = 0;
	char *to;

	n = n < p->file_count ? n : p->file_count;
	for (; done < n; done++) {
		int fd = __rt_fd_find(0);

		if (fd < 0)
			break;
		__rt_fd_set(fd, p->files[done],
			    m->flags & MSG_CMSG_CLOEXEC ? FD_CLOEXEC : 0);
		fds[done] = fd;
	}
	if (done < p->file_count)
		m->out_flags |= MSG_CTRUNC;
	if (!done)
		return;
	to = put_header(room, SCM_RIGHTS, done * sizeof(int));
	if (to)
		memcpy(to, fds, done * sizeof(int));
}

void __rt_unix_give_control(struct rt_message *m,
			    const struct rt_unix_packet *p,
			    int with_credentials)
{
	struct room room = {m->control, m->control_bytes};
	const struct ucred self = {.pid = (pid_t)__rt_sys_getpid()};
	char *to;

	if (with_credentials) {
		to = put_header(&room, SCM_CREDENTIALS, sizeof(self));
		if (to)
			memcpy(to, &self, sizeof(self));
		else
			m->out_flags |= MSG_CTRUNC;
	}
	if (p && p->file_count)
		give_files(m, p, &room);
	m->control_bytes -= room.left;
}
