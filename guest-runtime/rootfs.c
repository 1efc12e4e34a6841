/* SPDX-License-Identifier: ISC */
#include "rootfs.h"

#include <errno.h>
#include <string.h>

#include "ext.h"
#include "runtime.h"

/* Where imgbuild put it; both 0 without one. */
extern char __rt_rootfs_start[] __attribute__((weak));
extern char __rt_rootfs_end[] __attribute__((weak));

static long memory_io(struct rt_disk *disk, enum bp_block_op op,
		      uint64_t offset, const struct bp_segment *list,
		      unsigned count)
{
	if (op == BP_BLOCK_FLUSH)
		return 0;
	if (op != BP_BLOCK_READ)
		return -EROFS;
	for (unsigned i = 0; i < count; i++) {
		if (offset > disk->bytes ||
		    list[i].bytes > disk->bytes - offset)
			return -EIO;
		memcpy((void *)list[i].gpa, __rt_rootfs_start + offset,
		       list[i].bytes);
		offset += list[i].bytes;
	}
	return 0;
}

static struct rt_disk disk = {
	.name = "rootfs",
	.block_bytes = 512,
	.read_only = 1,
	.io = memory_io,
};

long __rt_rootfs_mount(struct rt_mount *mount)
{
	const char *why = NULL;
	long err;

	disk.bytes = (uintptr_t)__rt_rootfs_end - (uintptr_t)__rt_rootfs_start;
	if (!disk.bytes)
		return -ENOENT;
	err = __rt_ext_mount(mount, &disk, &why);
	if (err)
		__rt_complain("the image's rootfs cannot be mounted: ",
			      why ? why : "no file system", (char *)NULL);
	mount->source = "rootfs";
	/* -ENOENT would mean that there is none. */
	return err == -ENOENT ? -EIO : err;
}
