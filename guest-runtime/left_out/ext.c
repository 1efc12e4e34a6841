/* SPDX-License-Identifier: ISC */
/*
 * In place of ext4: imgbuild --no-ext4 links this in front of the runtime, and
 * what it defines is not looked for there. It is no part of libhvt.a.
 */
#include "ext.h"

#include <errno.h>

long __rt_ext_mount(struct rt_mount *mount, struct rt_disk *disk,
		    const char **why)
{
	(void)mount, (void)disk;
	*why = "the image was built with --no-ext4";
	return -EOPNOTSUPP;
}
