/* SPDX-License-Identifier: ISC */
#include "disk_temp.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "disk_text.h"

int disk_temp_open(struct disk_temp *temp, const char *target)
{
	const char *slash = strrchr(target, '/');
	int n, err;

	n = snprintf(temp->path, sizeof(temp->path), "%.*s.imgbuild-XXXXXX",
		     slash ? (int)(slash + 1 - target) : 0, target);
	if (n >= (int)sizeof(temp->path))
		return disk_fail_host(target, ENAMETOOLONG);
	temp->fd = mkostemp(temp->path, O_CLOEXEC);
	if (temp->fd < 0) {
		err = errno;
		disk_warn("%s: cannot make a file beside it: %s", target,
			  strerror(err));
		return -err;
	}
	return 0;
}

int disk_temp_commit(struct disk_temp *temp, const char *target, bool replace)
{
	mode_t mask = umask(0);
	int err = 0;

	umask(mask);
	if (fchmod(temp->fd, 0666 & ~mask))
		err = errno;
	if (!err && renameat2(AT_FDCWD, temp->path, AT_FDCWD, target,
			      replace ? 0 : RENAME_NOREPLACE))
		err = errno;
	/* Not every file system can tell; whoever asked has looked before. */
	if (err == EINVAL || err == ENOSYS)
		err = rename(temp->path, target) ? errno : 0;
	if (err) {
		disk_temp_discard(temp);
		return disk_fail_host(target, err);
	}
	close(temp->fd);
	return 0;
}

void disk_temp_discard(struct disk_temp *temp)
{
	close(temp->fd);
	unlink(temp->path);
}
