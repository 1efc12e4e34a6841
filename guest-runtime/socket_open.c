/* SPDX-License-Identifier: ISC */
/* socket(2): who calls it gets every family that there is. */
#include <errno.h>

#include "net_family.h"
#include "rt_syscall.h"
#include "socket_file.h"
#include "unix.h"

static const struct rt_socket_family *const families[] = {
	&__rt_unix_family,
	&__rt_inet_family,
	&__rt_inet6_family,
	&__rt_netlink_family,
};

static const struct rt_socket_family *family_of(int domain)
{
	for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++)
		if (families[i]->domain == domain)
			return families[i];
	return NULL;
}

long __rt_sys_socket(int domain, int type_and_flags, int protocol)
{
	const struct rt_socket_family *family = family_of(domain);
	struct rt_socket *s;
	int type;
	long err = __rt_socket_type(type_and_flags, &type);

	if (err)
		return err;
	if (!family)
		return -EAFNOSUPPORT;
	s = __rt_socket_new(domain, type, protocol);
	if (!s)
		return -ENOMEM;
	err = family->create(s);
	if (err) {
		__rt_socket_drop(s);
		return err;
	}
	return __rt_socket_install(s, type_and_flags);
}
