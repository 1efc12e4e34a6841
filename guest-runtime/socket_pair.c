/* SPDX-License-Identifier: ISC */
/* socketpair(2): only AF_UNIX has pairs. */
#include <errno.h>

#include "rt_syscall.h"
#include "socket_file.h"
#include "unix.h"

/* Two connected sockets without files. */
static long make_pair(int type, int protocol, struct rt_socket *pair[2])
{
	long err;

	pair[0] = __rt_socket_new(AF_UNIX, type, protocol);
	if (!pair[0])
		return -ENOMEM;
	pair[1] = __rt_socket_new(AF_UNIX, type, protocol);
	if (!pair[1]) {
		__rt_socket_drop(pair[0]);
		return -ENOMEM;
	}
	err = __rt_unix_pair(pair[0], pair[1]);
	if (err) {
		__rt_socket_drop(pair[0]);
		__rt_socket_drop(pair[1]);
	}
	return err;
}

long __rt_sys_socketpair(int domain, int type_and_flags, int protocol, int *fds)
{
	struct rt_socket *pair[2];
	long err, a, b;
	int type;

	err = __rt_socket_type(type_and_flags, &type);
	if (err)
		return err;
	if (domain != AF_UNIX)
		return domain == AF_INET || domain == AF_INET6 ? -EOPNOTSUPP
							       : -EAFNOSUPPORT;
	err = make_pair(type, protocol, pair);
	if (err)
		return err;
	a = __rt_socket_install(pair[0], type_and_flags);
	if (a < 0) {
		__rt_socket_drop(pair[1]);
		return a;
	}
	b = __rt_socket_install(pair[1], type_and_flags);
	if (b < 0) {
		__rt_sys_close((int)a);
		return b;
	}
	fds[0] = (int)a;
	fds[1] = (int)b;
	return 0;
}
