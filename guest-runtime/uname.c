/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <string.h>
#include <sys/utsname.h>

#include "rt_syscall.h"

#define NAME_BYTES 64 /* and an end */

static char host[NAME_BYTES + 1] = "hvt";
static char domain[NAME_BYTES + 1] = "(none)";

long __rt_sys_uname(struct utsname *u)
{
	memset(u, 0, sizeof(*u));
	strcpy(u->sysname, "Linux"); /* the interface programs ask for */
	strcpy(u->nodename, host);
	strcpy(u->release, "6.1.0-hvt");
	strcpy(u->version, "hvt");
	strcpy(u->machine, "x86_64");
	strcpy(u->domainname, domain);
	return 0;
}

static long set(char *to, const char *name, size_t bytes)
{
	if (__rt_sys_geteuid())
		return -EPERM;
	if (bytes > NAME_BYTES)
		return -EINVAL;
	memset(to, 0, NAME_BYTES + 1);
	memcpy(to, name, bytes);
	return 0;
}

long __rt_sys_sethostname(const char *name, size_t bytes)
{
	return set(host, name, bytes);
}

long __rt_sys_setdomainname(const char *name, size_t bytes)
{
	return set(domain, name, bytes);
}
