/* SPDX-License-Identifier: ISC */
/* System calls on files, with arguments that the input chooses. */
#ifndef VFS_CALLS_H
#define VFS_CALLS_H

#include "vfs_machine.h"

#include <dirent.h>
#include <sys/file.h>
#include <sys/statfs.h>

#include "rt_syscall.h"

#define MAPS_MAX 8u

/* The input, which is zeros after its end. */
static const uint8_t *in, *in_end;

static unsigned any(unsigned below)
{
	unsigned n = 0;

	for (unsigned left = below - 1; left; left >>= 8)
		n = n << 8 | (in < in_end ? *in++ : 0u);
	return n % below;
}

#define ONE_OF(list) ((list)[any(sizeof(list) / sizeof((list)[0]))])

/* Small ones, and a few that are far off. */
static int64_t any_offset(void)
{
	static const int64_t far[] = {-1,	 INT64_MAX - 2, 1LL << 43,
				      1LL << 32, 68 << 20,	1 << 20,
				      4096,	 12 << 10};

	return any(8) ? any(100000) : ONE_OF(far) + any(3);
}

static char data[1 << 17];

static size_t any_bytes(void)
{
	return any(8) ? any(5000) : any(sizeof(data));
}

static const char *any_path(void)
{
	static char path[2][PATH_MAX + 600];
	static char long_name[300];
	static unsigned which;
	static const char *const names[] = {
		"a",	"b",	 "c",	"dir", "sub",  "large",	 "slow",
		"fast", "twice", "far", "..",  ".",    "f1",	 "f2",
		"f3",	"loop",	 "/",	"tmp", "data", "missing"};
	static const char *const starts[] = {"/data/", "/data/dir/", "/tmp/",
					     "/", ""};
	char *to = path[which++ % 2];

	memset(long_name, 'n', sizeof(long_name) - 1);
	strcpy(to, ONE_OF(starts));
	for (unsigned n = 1 + any(3); n; n--) {
		if (any(40))
			strcat(to, ONE_OF(names));
		else
			strncat(to, long_name, 1 + any(300));
		if (n > 1)
			strcat(to, "/");
	}
	return to;
}

static int any_fd(void)
{
	return (int)any(8) - 1;
}

static struct mapping {
	uintptr_t start;
	size_t pages;
} maps[MAPS_MAX];

static void unmap(struct mapping *m)
{
	for (size_t i = 0; i < m->pages; i++) {
		uintptr_t page = m->start + i * RT_PAGE_BYTES;

		/* As munmap(): a page that another maps too stays. */
		machine_fail_memory = -1;
		if (!__rt_shared_maps || !__rt_shared_maps->unmap(page))
			munmap((void *)page, RT_PAGE_BYTES);
	}
	m->pages = 0;
}

static void op_map(void)
{
	struct mapping *m = &maps[any(MAPS_MAX)];
	struct rt_file *f = __rt_file(any_fd());
	size_t bytes = 1 + any(40000);
	uint64_t offset = any(10) * RT_PAGE_BYTES;
	int flags = any(3) ? MAP_SHARED : MAP_PRIVATE;
	long start;

	if (m->pages || !f || !f->ops->map)
		return;
	start = f->ops->map(f, 0, bytes, PROT_READ | (any(3) ? PROT_WRITE : 0),
			    flags, offset);
	if (start < 0 && start > -4096)
		return;
	m->start = (uintptr_t)start;
	m->pages = (bytes + RT_PAGE_BYTES - 1) / RT_PAGE_BYTES;
}

static void op_touch(void)
{
	struct mapping *m = &maps[any(MAPS_MAX)];

	if (!m->pages)
		return;
	memset((char *)m->start + any((unsigned)m->pages * 4096u - 100u),
	       (int)any(256), 100);
	if (!any(4) && __rt_shared_maps)
		__rt_shared_maps->sync(m->start, m->pages * RT_PAGE_BYTES,
				       MS_SYNC);
}

static void op_unmap(void)
{
	struct mapping *m = &maps[any(MAPS_MAX)];

	if (m->pages)
		unmap(m);
}

static void op_open(void)
{
	static const int flags[] = {
		O_RDONLY,
		O_RDWR | O_CREAT,
		O_RDWR | O_CREAT,
		O_WRONLY | O_CREAT | O_EXCL,
		O_RDWR | O_CREAT | O_TRUNC,
		O_RDONLY | O_DIRECTORY,
		O_PATH,
		O_RDWR | O_TMPFILE,
		O_WRONLY | O_APPEND | O_CREAT,
		O_RDONLY | O_NOFOLLOW,
		O_RDWR | O_TRUNC,
	};

	__rt_sys_openat(any(4) ? AT_FDCWD : any_fd(), any_path(), ONE_OF(flags),
			any(01000));
}

static void op_close(void)
{
	__rt_sys_close(any_fd());
}

static void op_transfer(void)
{
	int fd = any_fd();
	size_t bytes = any_bytes();

	switch (any(6)) {
	case 0:
		__rt_sys_read(fd, data, bytes);
		break;
	case 1:
		__rt_sys_pread64(fd, data, bytes, any_offset());
		break;
	case 2:
		__rt_sys_pwrite64(fd, data, bytes, any_offset());
		break;
	case 3:
		__rt_sys_sendfile(any_fd(), fd, NULL, bytes);
		break;
	case 4:
		__rt_sys_copy_file_range(fd, NULL, any_fd(), NULL, bytes, 0);
		break;
	default:
		__rt_sys_write(fd, data, bytes);
	}
}

static void op_size(void)
{
	static const int modes[] = {0, 1, 3, 0x10, 0x11, 8, 0x20};

	switch (any(4)) {
	case 0:
		__rt_sys_ftruncate(any_fd(), any_offset());
		break;
	case 1:
		__rt_sys_truncate(any_path(), any_offset());
		break;
	case 2:
		__rt_sys_lseek(any_fd(), any_offset(), (int)any(6));
		break;
	default:
		__rt_sys_fallocate(any_fd(), ONE_OF(modes), any_offset(),
				   any_offset());
	}
}

static void op_name(void)
{
	const char *a = any_path(), *b = any_path();

	switch (any(9)) {
	case 0:
		__rt_sys_mkdir(a, any(02000));
		break;
	case 1:
		__rt_sys_rmdir(a);
		break;
	case 2:
		__rt_sys_unlink(a);
		break;
	case 3:
		__rt_sys_symlink(any(4) ? a : b + strlen(b) / 2, b);
		break;
	case 4:
		__rt_sys_linkat(AT_FDCWD, a, AT_FDCWD, b,
				any(2) ? AT_SYMLINK_FOLLOW : 0);
		break;
	case 5:
		__rt_sys_linkat(any_fd(), "", AT_FDCWD, b, AT_EMPTY_PATH);
		break;
	case 6:
		__rt_sys_mknod(a, any(16) << 12 | any(01000), any(1 << 16));
		break;
	default:
		__rt_sys_renameat2(AT_FDCWD, a, AT_FDCWD, b, any(4));
	}
}

static void op_look(void)
{
	int fd = any_fd();
	struct statfs fs;
	struct stat st;

	switch (any(9)) {
	case 0:
		__rt_sys_stat(any_path(), &st);
		break;
	case 1:
		__rt_sys_lstat(any_path(), &st);
		break;
	case 2:
		__rt_sys_fstat(fd, &st);
		break;
	case 3:
		__rt_sys_readlink(any_path(), data, any(PATH_MAX));
		break;
	case 4:
		__rt_sys_getcwd(data, any(PATH_MAX));
		break;
	case 5:
		__rt_sys_statfs(any_path(), &fs);
		break;
	case 6:
		__rt_sys_access(any_path(), (int)any(8));
		break;
	default:
		while (__rt_sys_getdents64(fd, data, 24 + any(2000)) > 0)
			;
	}
}

static void op_attribute(void)
{
	struct timespec times[2] = {{any_offset(), any(1000000000)},
				    {any_offset(), UTIME_NOW}};

	switch (any(4)) {
	case 0:
		__rt_sys_chmod(any_path(), any(010000));
		break;
	case 1:
		__rt_sys_fchown(any_fd(), any(70000), any(70000));
		break;
	case 2:
		__rt_sys_lchown(any_path(), any(70000), (unsigned)-1);
		break;
	default:
		__rt_sys_utimensat(any(2) ? AT_FDCWD : any_fd(),
				   any(2) ? any_path() : NULL,
				   any(4) ? times : NULL, 0);
	}
}

static void op_descriptor(void)
{
	struct flock lock = {
		.l_type = (short)any(4),
		.l_whence = (short)any(4),
		.l_start = any_offset(),
		.l_len = any_offset(),
	};
	static const int commands[] = {F_OFD_SETLK, F_OFD_SETLK, F_OFD_SETLKW,
				       F_OFD_GETLK, F_SETLK,	 F_GETLK};

	switch (any(5)) {
	case 0:
		__rt_sys_dup2(any_fd(), any_fd());
		break;
	case 1:
		__rt_sys_flock(any_fd(), (int)any(16));
		break;
	case 2:
		__rt_sys_chdir(any_path());
		break;
	case 3:
		__rt_sys_fchdir(any_fd());
		break;
	default:
		__rt_sys_fcntl(any_fd(), ONE_OF(commands), (long)&lock);
	}
}

static void op_sync(void)
{
	switch (any(4)) {
	case 0:
		__rt_sys_fsync(any_fd());
		break;
	case 1:
		__rt_sys_fdatasync(any_fd());
		break;
	case 2:
		machine_ns += 6000000000u;
		__rt_mount_wait(UINT64_MAX);
		break;
	default:
		__rt_sys_sync();
	}
}

/* Closes and unmaps everything. */
static void leave(void)
{
	for (unsigned i = 0; i < MAPS_MAX; i++)
		unmap(&maps[i]);
	for (int fd = 0; fd < RT_MAX_FDS; fd++)
		__rt_sys_close(fd);
	__rt_sys_chdir("/");
}

/* What can go wrong around it. */
static void op_fail(void)
{
	if (any(3))
		machine_fail_memory = (long)any(64);
	else
		machine_disk.fail_after = (long)any(64);
}

#endif
