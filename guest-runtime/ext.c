/* SPDX-License-Identifier: ISC */
/* Until there is one: no disk holds a file system. */
#include "ext.h"
#include <errno.h>
long __rt_ext_mount(struct rt_mount *mount, struct rt_disk *disk,
		    const char **why)
{
	(void)mount, (void)disk, (void)why;
	return -EINVAL;
}
