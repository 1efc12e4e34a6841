/* SPDX-License-Identifier: ISC */
/* /dev. Numbers are those of Linux (admin-guide/devices.rst). */
#include "dev.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "boot_info.h"
#include "disk_device.h"
#include "file.h"
#include "file_console.h"
#include "file_device.h"
#include "file_disk.h"
#include "mount.h"
#include "runtime.h"

#define MAJOR_MEM  1
#define MAJOR_TTY  5
#define MAJOR_DISK 259 /* numbered as the tender numbers devices */
#define MAJOR_FD   240 /* "local use": the minor is the descriptor */

static const struct {
	const char *name;
	unsigned major, minor;
} nodes[] = {
	{"null", MAJOR_MEM, 3},	   {"zero", MAJOR_MEM, 5},
	{"full", MAJOR_MEM, 7},	   {"random", MAJOR_MEM, 8},
	{"urandom", MAJOR_MEM, 9}, {"tty", MAJOR_TTY, 0},
	{"console", MAJOR_TTY, 1}, {"stdin", MAJOR_FD, 0},
	{"stdout", MAJOR_FD, 1},   {"stderr", MAJOR_FD, 2},
};

static long make(struct rt_mount *mount, const char *name, mode_t mode,
		 dev_t rdev)
{
	struct rt_vnode init = {.mode = mode, .rdev = rdev};
	uint64_t ino;

	/* What was made first has the name. */
	if (!mount->ops->lookup(mount->root, name, strlen(name), &ino))
		return 0;
	__rt_now(&init.mtime);
	init.atime = init.ctime = init.mtime;
	return mount->ops->create(mount->root, name, strlen(name), &init, NULL,
				  &ino);
}

long __rt_dev_fill(struct rt_mount *mount)
{
	long err = 0;

	for (size_t i = 0; !err && i < sizeof(nodes) / sizeof(nodes[0]); i++)
		err = make(mount, nodes[i].name, S_IFCHR | 0666,
			   makedev(nodes[i].major, nodes[i].minor));
	for (unsigned i = 0; !err && i < __rt_boot->device_count; i++) {
		const struct bp_device *d = __rt_device(i);

		if (d->kind != BP_DEVICE_BLOCK)
			continue;
		err = make(mount, d->name, S_IFBLK | 0660,
			   makedev(MAJOR_DISK, i));
	}
	return err;
}

static long open_disk(unsigned device, int flags, struct rt_file **file)
{
	int writes = (flags & 3) != O_RDONLY;

	if (device >= __rt_boot->device_count ||
	    __rt_device(device)->kind != BP_DEVICE_BLOCK)
		return -ENXIO;
	if (writes && (__rt_device(device)->flags & BP_DEVICE_READ_ONLY))
		return -EROFS;
	/* Blocks must not change under a file system. */
	if (writes && __rt_mount_has_disk(device))
		return -EBUSY;
	*file = __rt_disk_file(device);
	return *file ? 0 : -ENFILE;
}

long __rt_dev_open(mode_t type, dev_t rdev, int flags, struct rt_file **file)
{
	unsigned minor_number = minor(rdev);
	const struct rt_file_ops *ops = NULL;

	if (S_ISBLK(type))
		return major(rdev) == MAJOR_DISK
			       ? open_disk(minor_number, flags, file)
			       : -ENXIO;
	switch (major(rdev)) {
	case MAJOR_MEM:
		ops = __rt_memory_device(minor_number);
		break;
	case MAJOR_TTY:
		*file = __rt_console_file();
		return *file ? 0 : -ENFILE;
	case MAJOR_FD:
		*file = __rt_file((int)minor_number);
		return *file ? 0 : -ENXIO;
	default:
		break;
	}
	if (!ops)
		return -ENXIO;
	*file = __rt_file_new(ops);
	return *file ? 0 : -ENFILE;
}

int __rt_dev_open_for_writing(unsigned device)
{
	for (int fd = 0; fd < RT_MAX_FDS; fd++) {
		const struct rt_file *f = __rt_file(fd);

		if (f && (f->flags & 3) != O_RDONLY && f->vnode &&
		    S_ISBLK(f->vnode->mode) && f->device == device)
			return 1;
	}
	return 0;
}
