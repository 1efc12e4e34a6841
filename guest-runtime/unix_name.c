/* SPDX-License-Identifier: ISC */
/*
 * Names of AF_UNIX sockets: paths, whose node knows its socket while that is
 * open, and abstract ones. For images that call socket(): this brings the file
 * systems with it.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "create.h"
#include "path.h"
#include "rt_syscall.h"
#include "unix.h"

#define PATH_AT	  offsetof(struct sockaddr_un, sun_path)
#define AUTOBINDS 0x100000U

static struct rt_unix *abstract_names;

static struct rt_unix *find_abstract(const struct sockaddr_un *name,
				     socklen_t bytes)
{
	struct rt_unix *u = abstract_names;

	while (u && (u->name_bytes != bytes || memcmp(&u->name, name, bytes)))
		u = u->abstract;
	return u;
}

static void set_name(struct rt_unix *u, const struct sockaddr_un *name,
		     socklen_t bytes)
{
	memcpy(&u->name, name, bytes);
	u->name_bytes = bytes;
}

static long bind_abstract(struct rt_unix *u, const struct sockaddr_un *name,
			  socklen_t bytes)
{
	if (find_abstract(name, bytes))
		return -EADDRINUSE;
	set_name(u, name, bytes);
	u->abstract = abstract_names;
	abstract_names = u;
	return 0;
}

/* A name that nobody has: five digits. */
static long bind_anywhere(struct rt_unix *u)
{
	static const char digits[] = "0123456789abcdef";
	static unsigned next;
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	long err;

	for (unsigned tried = 0; tried < AUTOBINDS; tried++) {
		unsigned n = next++ % AUTOBINDS;

		for (int i = 5; i > 0; i--, n /= 16)
			name.sun_path[i] = digits[n % 16];
		err = bind_abstract(u, &name, PATH_AT + 6);
		if (err != -EADDRINUSE)
			return err;
	}
	return -ENOSPC;
}

/* The path in @name, which need not be terminated there. */
static void path_of(const struct sockaddr_un *name, socklen_t bytes,
		    char path[sizeof(name->sun_path) + 1])
{
	memcpy(path, name->sun_path, bytes - PATH_AT);
	path[bytes - PATH_AT] = 0;
}

static long bind_path(struct rt_unix *u, const struct sockaddr_un *name,
		      socklen_t bytes)
{
	char path[sizeof(name->sun_path) + 1];
	struct rt_vnode *v;
	long err;

	path_of(name, bytes, path);
	err = __rt_sys_mknodat(AT_FDCWD, path, S_IFSOCK | 0777, 0);
	if (err)
		return err == -EEXIST ? -EADDRINUSE : err;
	/* As on Linux, one that has a name already fails only now. */
	if (u->name_bytes) {
		__rt_sys_unlink(path);
		return -EINVAL;
	}
	err = __rt_path_find(AT_FDCWD, path, RT_NOFOLLOW, &v);
	if (err)
		return err;
	u->vnode = v;
	v->node = u;
	set_name(u, name, (socklen_t)(PATH_AT + strlen(path) + 1));
	return 0;
}

static long unix_bind(struct rt_unix *u, const struct sockaddr_un *name,
		      socklen_t bytes)
{
	if (bytes > PATH_AT && name->sun_path[0])
		return bind_path(u, name, bytes);
	if (u->name_bytes)
		return bytes > PATH_AT ? -EINVAL : 0;
	return bytes > PATH_AT ? bind_abstract(u, name, bytes)
			       : bind_anywhere(u);
}

static long find_path(const struct sockaddr_un *name, socklen_t bytes,
		      struct rt_unix **to)
{
	char path[sizeof(name->sun_path) + 1];
	struct rt_vnode *v;
	long err;

	path_of(name, bytes, path);
	err = __rt_path_find(AT_FDCWD, path, 0, &v);
	if (err)
		return err;
	/* Whose it is, if any, has a reference of its own. */
	*to = S_ISSOCK(v->mode) ? v->node : NULL;
	__rt_vnode_put(v);
	return *to ? 0 : -ECONNREFUSED;
}

static long unix_find(const struct sockaddr_un *name, socklen_t bytes, int type,
		      struct rt_unix **to)
{
	long err = 0;

	if (bytes <= PATH_AT || bytes > sizeof(*name) ||
	    name->sun_family != AF_UNIX)
		return -EINVAL;
	if (name->sun_path[0]) {
		err = find_path(name, bytes, to);
	} else {
		*to = find_abstract(name, bytes);
		err = *to ? 0 : -ECONNREFUSED;
	}
	if (err)
		return err;
	return (*to)->type == type ? 0 : -EPROTOTYPE;
}

static void unix_unbind(struct rt_unix *u)
{
	struct rt_unix **at = &abstract_names;

	while (*at && *at != u)
		at = &(*at)->abstract;
	if (*at)
		*at = u->abstract;
	if (!u->vnode)
		return;
	u->vnode->node = NULL;
	__rt_vnode_put(u->vnode);
	u->vnode = NULL;
}

static const struct rt_unix_names names = {
	.bind = unix_bind,
	.find = unix_find,
	.unbind = unix_unbind,
};

static long create(struct rt_socket *s)
{
	__rt_unix_names = &names;
	return __rt_unix_create(s);
}

const struct rt_socket_family __rt_unix_family = {
	.domain = AF_UNIX,
	.create = create,
};
