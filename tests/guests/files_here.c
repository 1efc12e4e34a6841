/* SPDX-License-Identifier: ISC */
/*
 * What is peculiar to a guest's files: its devices, what is mounted where,
 * and what happens when memory is short. Argument 1 says what to look at.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define CHECK(truth)                                                   \
	do {                                                           \
		errno = 0;                                             \
		if (!(truth)) {                                        \
			printf("line %d: %s (%s)\n", __LINE__, #truth, \
			       strerror(errno));                       \
			exit(1);                                       \
		}                                                      \
	} while (0)

/* The call fails with that error. */
#define FAILS(call, error) CHECK((call) == -1 && errno == (error))

#define MIB 1048576UL

static char buffer[65536];

static void devices(void)
{
	struct stat st;
	int fd, other;

	fd = open("/dev/null", O_RDWR);
	CHECK(fd >= 0);
	CHECK(write(fd, buffer, 1000) == 1000);
	CHECK(read(fd, buffer, 1000) == 0);
	CHECK(pread(fd, buffer, 10, 5) == 0);
	CHECK(fstat(fd, &st) == 0 && S_ISCHR(st.st_mode));
	CHECK(st.st_rdev == makedev(1, 3));
	FAILS(ftruncate(fd, 0), EINVAL);
	FAILS(fallocate(fd, 0, 0, 1), ENODEV);
	fd = open("/dev/zero", O_RDWR);
	memset(buffer, '#', 100);
	CHECK(read(fd, buffer, 100) == 100);
	CHECK(!buffer[0] && !memcmp(buffer, buffer + 1, 99));
	CHECK(write(fd, buffer, 10) == 10);
	fd = open("/dev/full", O_RDWR);
	FAILS(write(fd, "x", 1), ENOSPC);
	memset(buffer, '#', 10);
	CHECK(read(fd, buffer, 10) == 10 && !buffer[9]);
	fd = open("/dev/random", O_RDONLY);
	other = open("/dev/urandom", O_RDONLY);
	CHECK(read(fd, buffer, 32) == 32 && read(other, buffer + 32, 32) == 32);
	CHECK(memcmp(buffer, buffer + 32, 32) != 0);
	CHECK(read(fd, buffer, sizeof(buffer)) > 256);
	FAILS(write(fd, "x", 1), EBADF);
	CHECK(stat("/dev/tty", &st) == 0 && S_ISCHR(st.st_mode));
	FAILS(open("/dev/nothing", O_RDONLY), ENOENT);
	FAILS(open("/dev/null/", O_RDONLY), ENOTDIR);
	FAILS(open("/dev/null", O_RDONLY | O_DIRECTORY), ENOTDIR);
	/* As a shell opens what it redirects to. */
	CHECK(open("/dev/null", O_WRONLY | O_CREAT | O_TRUNC, 0666) >= 0);
	FAILS(open("/dev/null", O_WRONLY | O_CREAT | O_EXCL, 0666), EEXIST);
	/* A node of its own is the same device, wherever it lies. */
	CHECK(mknod("/tmp/hole", S_IFCHR | 0666, makedev(1, 3)) == 0);
	fd = open("/tmp/hole", O_RDWR);
	CHECK(write(fd, "x", 1) == 1 && read(fd, buffer, 1) == 0);
	CHECK(mknod("/tmp/other", S_IFCHR | 0666, makedev(77, 3)) == 0);
	FAILS(open("/tmp/other", O_RDWR), ENXIO);
	CHECK(mkfifo("/tmp/fifo", 0600) == 0);
	FAILS(open("/tmp/fifo", O_WRONLY | O_NONBLOCK), ENXIO);
}

/* Standard input holds "typed", and what is printed goes where it should. */
static void streams(void)
{
	int in = open("/dev/stdin", O_RDONLY);
	int out = open("/dev/stdout", O_WRONLY);
	int err = open("/dev/stderr", O_WRONLY);
	FILE *f;

	CHECK(in >= 0 && out >= 0 && err >= 0);
	CHECK(read(in, buffer, sizeof(buffer)) == 6);
	CHECK(!memcmp(buffer, "typed\n", 6));
	CHECK(write(out, "to output\n", 10) == 10);
	CHECK(write(err, "to error\n", 9) == 9);
	f = fopen("/dev/console", "w");
	CHECK(f && fputs("to the console\n", f) >= 0 && fclose(f) == 0);
	f = fopen("/dev/stdout", "w");
	CHECK(f && fputs("to a stream\n", f) >= 0 && fclose(f) == 0);
	CHECK(close(out) == 0);
	puts("still open");
	/* What names a descriptor is that descriptor, whatever it is. */
	CHECK(close(0) == 0);
	FAILS(open("/dev/stdin", O_RDONLY), ENXIO);
	CHECK(open("/dev/zero", O_RDONLY) == 0);
	in = open("/dev/stdin", O_RDONLY);
	CHECK(in > 0 && read(in, buffer, 4) == 4 && !buffer[0]);
}

static void nothing_new(const char *dir)
{
	char name[64], inside[64];

	snprintf(name, sizeof(name), "%s/new", dir);
	FAILS(open(name, O_WRONLY | O_CREAT, 0644), EROFS);
	FAILS(open(dir, O_TMPFILE | O_WRONLY, 0644), EROFS);
	FAILS(mkdir(name, 0755), EROFS);
	FAILS(symlink("x", name), EROFS);
	FAILS(mkfifo(name, 0644), EROFS);
	FAILS(mknod(name, S_IFREG, 0), EROFS);
	FAILS(unlink(name), EROFS);
	FAILS(rmdir(name), EROFS);
	FAILS(chmod(dir, 0777), EROFS);
	FAILS(chown(dir, 1, 1), EROFS);
	FAILS(utimensat(AT_FDCWD, dir, NULL, 0), EROFS);
	FAILS(access(dir, W_OK), EROFS);
	CHECK(access(dir, R_OK | X_OK) == 0);
	snprintf(inside, sizeof(inside), "%s/other", dir);
	FAILS(rename(name, inside), EROFS);
	FAILS(open(name, O_RDONLY), ENOENT);
}

static void read_only(void)
{
	struct statfs st;

	CHECK(close(open("/tmp/file", O_CREAT | O_WRONLY, 0644)) == 0);
	nothing_new("/");
	nothing_new("/dev");
	FAILS(unlink("/dev/null"), EROFS);
	FAILS(rename("/dev/null", "/dev/zero"), EROFS);
	FAILS(link("/dev/null", "/dev/nil"), EROFS);
	FAILS(chmod("/dev/null", 0600), EROFS);
	FAILS(rmdir("/tmp"), EROFS);
	FAILS(mkdir("/tmp", 0755), EEXIST);
	FAILS(rename("/tmp", "/other"), EROFS);
	FAILS(rename("/tmp/file", "/file"), EXDEV);
	FAILS(rename("/tmp/file", "/dev/file"), EXDEV);
	FAILS(link("/tmp/file", "/dev/file"), EROFS);
	CHECK(access("/dev/null", W_OK) == 0);
	CHECK(statfs("/", &st) == 0 && (st.f_flags & 1));
	CHECK(statfs("/dev", &st) == 0 && (st.f_flags & 1));
	CHECK(statfs("/tmp", &st) == 0 && !(st.f_flags & 1));
}

static void list(const char *dir)
{
	struct dirent **name;
	int n = scandir(dir, &name, NULL, alphasort);

	CHECK(n >= 0);
	for (int i = 0; i < n; i++)
		printf("%s%s", i ? " " : "", name[i]->d_name);
	puts("");
}

static void mounts(void)
{
	struct stat root, tmp, dev, up;
	char now[64];
	DIR *d;

	list("/");
	list("/dev");
	list("/tmp");
	CHECK(stat("/", &root) == 0 && stat("/tmp", &tmp) == 0);
	CHECK(stat("/dev", &dev) == 0 && S_ISDIR(dev.st_mode));
	CHECK(root.st_dev != tmp.st_dev && tmp.st_dev != dev.st_dev);
	CHECK(stat("/tmp/..", &up) == 0 && up.st_dev == root.st_dev);
	CHECK(up.st_ino == root.st_ino);
	CHECK(chdir("/tmp") == 0 &&
	      access("../dev/../tmp/../dev/null", 0) == 0);
	CHECK(getcwd(now, sizeof(now)) && !strcmp(now, "/tmp"));
	CHECK(mkdir("a", 0755) == 0 && chdir("a/../../dev") == 0);
	CHECK(getcwd(now, sizeof(now)) && !strcmp(now, "/dev"));
	CHECK(chdir("..") == 0);
	CHECK(getcwd(now, sizeof(now)) && !strcmp(now, "/"));
	CHECK(open("tmp/file", O_CREAT | O_WRONLY, 0644) >= 0);
	/* A place in a directory where things are mounted can be kept. */
	d = opendir("/");
	CHECK(d);
	for (int i = 0; i < 20; i++) {
		long at = telldir(d);
		const struct dirent *e = readdir(d);

		if (!e)
			break;
		strcpy(now, e->d_name);
		readdir(d);
		seekdir(d, at);
		e = readdir(d);
		CHECK(e && !strcmp(e->d_name, now));
	}
	closedir(d);
}

static void no_data(void)
{
	struct stat st;

	FAILS(stat("/data", &st), ENOENT);
	FAILS(open("/data", O_RDONLY), ENOENT);
	FAILS(open("/data/file", O_CREAT | O_WRONLY, 0644), ENOENT);
	FAILS(mkdir("/data/dir", 0755), ENOENT);
	FAILS(mkdir("/data", 0755), EROFS);
	FAILS(chdir("/data"), ENOENT);
	list("/");
}

/* Where Linux waits for ever, or knows more than a guest does. */
static void differences(void)
{
	int a, b;

	a = open("/tmp/file", O_CREAT | O_RDWR, 0644);
	b = open("/tmp/file", O_RDWR);
	CHECK(flock(a, LOCK_EX) == 0);
	FAILS(flock(b, LOCK_SH), EDEADLK);
	CHECK(flock(a, LOCK_UN) == 0 && flock(b, LOCK_SH) == 0);
	CHECK(mkdir("/tmp/a", 0755) == 0 && chdir("/tmp/a") == 0);
	CHECK(rmdir("/tmp/a") == 0);
	FAILS(chdir(".."), ENOENT);
	CHECK(chdir("/") == 0);
	FAILS(open("/tmp/x", O_CREAT | O_DIRECTORY, 0755), EINVAL);
	FAILS(open("/proc/self/fd", O_RDONLY), ENOENT);
}

/* What is written past the end through a mapping is not in the file. */
static void past_the_end(void)
{
	for (int i = 0; i < 6; i++) {
		int fd = open("/tmp/f", O_RDWR | O_CREAT | O_TRUNC, 0644);
		char *p, c = 'x';

		CHECK(write(fd, "0123456789", 10) == 10);
		p = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		CHECK(p != MAP_FAILED);
		p[100] = p[4095] = p[5000] = 'x';
		if (i & 1)
			CHECK(munmap(p, 8192) == 0);
		if (i / 2 == 0)
			CHECK(pwrite(fd, "y", 1, 6000) == 1);
		else if (i / 2 == 1)
			CHECK(ftruncate(fd, 8192) == 0);
		else
			CHECK(fallocate(fd, 0, 0, 8192) == 0);
		CHECK(pread(fd, &c, 1, 100) == 1 && c == 0);
		CHECK(pread(fd, &c, 1, 4095) == 1 && c == 0);
		CHECK(pread(fd, &c, 1, 9) == 1 && c == '9');
		CHECK(close(fd) == 0);
	}
}

static size_t free_pages(void)
{
	struct statfs st;

	CHECK(statfs("/tmp", &st) == 0);
	return st.f_bfree;
}

/* Writes until that is refused. Bytes. */
static size_t fill(int fd)
{
	size_t total = 0;
	ssize_t n;

	while ((n = write(fd, buffer, sizeof(buffer))) > 0)
		total += (size_t)n;
	FAILS(write(fd, buffer, 4096), ENOSPC);
	return total;
}

static void full(void)
{
	int fd = open("/tmp/big", O_CREAT | O_RDWR, 0644), small;
	size_t total, before = free_pages();
	struct stat st;
	char *p, c;

	memset(buffer, 'b', sizeof(buffer));
	total = fill(fd);
	printf("%zu MiB\n", total / MIB);
	CHECK(free_pages() == 0);
	CHECK(fstat(fd, &st) == 0 && (size_t)st.st_size == total);
	CHECK(pread(fd, &c, 1, (off_t)total - 1) == 1 && c == 'b');
	/* Where there already is memory, one can go on. */
	CHECK(pwrite(fd, "again", 5, 5) == 5);
	small = open("/tmp/small", O_CREAT | O_RDWR, 0644);
	CHECK(small >= 0);
	FAILS(write(small, "x", 1), ENOSPC);
	FAILS(fallocate(small, 0, 0, 1), ENOSPC);
	CHECK(fstat(small, &st) == 0 && st.st_size == 0);
	CHECK(ftruncate(small, 1 << 30) == 0);
	CHECK(pread(small, &c, 1, 1 << 20) == 1 && c == 0);
	/* What the program itself has left is not touched by that. */
	p = malloc(4 * MIB);
	CHECK(p);
	memset(p, 'p', 4 * MIB);
	free(p);
	CHECK(ftruncate(fd, 10 * 4096) == 0);
	CHECK(write(small, "x", 1) == 1);
	CHECK(close(small) == 0 && unlink("/tmp/small") == 0);
	CHECK(unlink("/tmp/big") == 0 && close(fd) == 0);
	CHECK(free_pages() == before);
	/* All of it is there for whoever asks now. */
	p = malloc(total + total / 2);
	CHECK(p);
	memset(p, 'p', total + total / 2);
	free(p);
	fd = open("/tmp/big", O_CREAT | O_RDWR, 0644);
	CHECK(fill(fd) == total);
	FAILS(fallocate(fd, 0, 0, 1L << 40), ENOSPC);
	CHECK(fstat(fd, &st) == 0 && (size_t)st.st_size == total);
}

/* Promised room is there afterwards, and half a promise leaves nothing. */
static void promises(void)
{
	int fd = open("/tmp/a", O_CREAT | O_RDWR, 0644);
	int other = open("/tmp/b", O_CREAT | O_RDWR, 0644);
	size_t pages = free_pages();

	CHECK(pwrite(fd, "x", 1, 5 * 4096) == 1);
	CHECK(free_pages() == pages - 1);
	CHECK(fallocate(fd, 0, 0, 10 * 4096) == 0);
	CHECK(free_pages() == pages - 10);
	FAILS(fallocate(other, 0, 0, (off_t)(pages - 9) * 4096), ENOSPC);
	CHECK(free_pages() == pages - 10);
	CHECK(fallocate(other, 1, 0, (off_t)(pages - 10) * 4096) == 0);
	CHECK(free_pages() == 0);
	CHECK(pwrite(fd, "y", 1, 10 * 4096 - 1) == 1);
	FAILS(pwrite(fd, "y", 1, 10 * 4096), ENOSPC);
	CHECK(pwrite(other, "y", 1, 100 * 4096) == 1);
	CHECK(fallocate(other, 3, 0, 200 * 4096) == 0);
	CHECK(free_pages() == 200);
	CHECK(ftruncate(other, 0) == 0);
	CHECK(free_pages() == pages - 10);
}

/* More names than there is memory for. */
static void names(void)
{
	char name[256];
	int made[2], error;

	for (int round = 0; round < 2; round++) {
		for (made[round] = 0;; made[round]++) {
			int n = snprintf(name, sizeof(name), "/tmp/%0200d",
					 made[round]);
			int err;

			CHECK(n > 200);
			if (made[round] % 3 == 0)
				err = mkdir(name, 0755);
			else if (made[round] % 3 == 1)
				err = symlink(name + 100, name);
			else
				err = mknod(name, S_IFREG | 0644, 0);
			if (err)
				break;
		}
		error = errno;
		CHECK(error == ENOSPC || error == ENOMEM);
		CHECK(made[round] > 1000);
		list("/dev");
		for (int i = 0; i < made[round]; i++) {
			snprintf(name, sizeof(name), "/tmp/%0200d", i);
			CHECK(remove(name) == 0);
		}
	}
	CHECK(made[1] == made[0]);
	printf("%d names\n", made[0]);
	list("/tmp");
}

/* The program has taken everything there is. */
static void no_memory(void)
{
	struct block {
		struct block *next;
	} *blocks = NULL, *b;
	struct stat st;
	int fd, made = 0, error;
	char name[32];

	fd = open("/tmp/before", O_CREAT | O_RDWR, 0644);
	CHECK(write(fd, "before", 6) == 6);
	for (size_t size = MIB; size >= 16; size /= 2)
		while ((b = malloc(size))) {
			b->next = blocks;
			blocks = b;
		}
	for (;;) {
		int err;

		snprintf(name, sizeof(name), "/tmp/%d", made);
		err = open(name, O_CREAT | O_RDWR, 0644);
		if (err < 0)
			break;
		if (write(err, name, 10) < 0) {
			close(err);
			break;
		}
		close(err);
		made++;
	}
	error = errno;
	CHECK(error == ENOSPC || error == ENOMEM);
	CHECK(pread(fd, name, 10, 0) == 6 && !memcmp(name, "before", 6));
	CHECK(stat("/tmp/before", &st) == 0 && st.st_size == 6);
	CHECK(mmap(NULL, MIB, PROT_READ, MAP_PRIVATE, fd, 0) == MAP_FAILED &&
	      errno == ENOMEM);
	for (; (b = blocks); free(b))
		blocks = b->next;
	fd = open("/tmp/after", O_CREAT | O_RDWR, 0644);
	CHECK(fd >= 0);
	memset(buffer, 'a', sizeof(buffer));
	for (int i = 0; i < 32; i++)
		CHECK(write(fd, buffer, sizeof(buffer)) == sizeof(buffer));
	printf("%d files\n", made);
}

/* A disk and its file system, which is mounted on /data. */
static void mounted(void)
{
	struct stat data, tmp;
	struct statfs st;
	char now[32];
	int raw;

	raw = open("/dev/disk0", O_RDWR);
	CHECK(raw >= 0); /* nobody has used the files yet */
	CHECK(close(raw) == 0);
	list("/");
	CHECK(stat("/data", &data) == 0 && stat("/tmp", &tmp) == 0);
	CHECK(data.st_dev != tmp.st_dev && data.st_ino == 2);
	FAILS(open("/dev/disk0", O_RDWR), EBUSY);
	FAILS(open("/dev/disk0", O_WRONLY), EBUSY);
	raw = open("/dev/disk0", O_RDONLY);
	CHECK(pread(raw, buffer, 1024, 1024) == 1024);
	CHECK(buffer[0x38] == 0x53 && (buffer[0x39] & 0xff) == 0xef);
	CHECK(statfs("/data", &st) == 0 && st.f_type == 0xef53);
	FAILS(rmdir("/data"), EROFS);
	FAILS(mkdir("/data", 0755), EEXIST);
	FAILS(rename("/data", "/tmp/data"), EXDEV);
	CHECK(open("/tmp/file", O_CREAT | O_WRONLY, 0644) >= 0);
	CHECK(open("/data/file", O_CREAT | O_WRONLY, 0644) >= 0);
	FAILS(rename("/tmp/file", "/data/other"), EXDEV);
	FAILS(rename("/data/file", "/tmp/other"), EXDEV);
	FAILS(link("/data/file", "/tmp/other"), EXDEV);
	CHECK(symlink("/tmp/file", "/data/link") == 0);
	CHECK(stat("/data/link", &data) == 0 && data.st_dev == tmp.st_dev);
	CHECK(chdir("/data/lost+found/..") == 0);
	CHECK(getcwd(now, sizeof(now)) && !strcmp(now, "/data"));
	CHECK(access("../tmp/file", F_OK) == 0);
	CHECK(chdir("..") == 0 && access("data/file", F_OK) == 0);
	CHECK(copy_file_range(open("/data/file", O_RDONLY), NULL,
			      open("/tmp/file", O_WRONLY), NULL, 1, 0) == 0);
}

/* Somebody writes to the disk: its file system is not mounted then. */
static void raw_first(void)
{
	struct stat st;
	int raw = open("/dev/disk0", O_RDWR);

	CHECK(raw >= 0);
	FAILS(stat("/data/file", &st), EBUSY);
	CHECK(close(raw) == 0);
	CHECK(stat("/data", &st) == 0);
	FAILS(open("/dev/disk0", O_RDWR), EBUSY);
}

static void unflushed(void)
{
	FILE *f = fopen("/data/exit", "w");

	CHECK(f && fputs("written at exit\n", f) >= 0);
}

static void aborted(void)
{
	int fd = open("/data/abort", O_CREAT | O_WRONLY, 0644);

	CHECK(write(fd, "kept\n", 5) == 5);
	abort();
}

static void by_handler(int signal)
{
	(void)signal;
	CHECK(open("/data/handler", O_CREAT | O_WRONLY, 0644) >= 0);
}

static void killed(void)
{
	int fd = open("/data/kill", O_CREAT | O_WRONLY, 0644);

	CHECK(signal(SIGUSR1, by_handler) != SIG_ERR);
	CHECK(raise(SIGUSR1) == 0);
	CHECK(write(fd, "kept\n", 5) == 5);
	raise(SIGTERM);
}

/* Files larger than memory; and what is cached makes way for the program. */
static void cached(void)
{
	const size_t pieces = 1600; /* 100 MiB */
	int fd = open("/data/large", O_CREAT | O_RDWR, 0644);
	size_t bytes = 50 * MIB;
	char *p;

	for (size_t i = 0; i < pieces; i++) {
		memset(buffer, (int)i, sizeof(buffer));
		CHECK(write(fd, buffer, 60000) == 60000);
	}
	for (size_t i = 0; i < pieces; i++) {
		CHECK(pread(fd, buffer, 1000, (off_t)(i * 60000)) == 1000);
		CHECK(buffer[0] == (char)i && buffer[999] == (char)i);
	}
	p = malloc(bytes);
	CHECK(p);
	memset(p, 'p', bytes);
	/* With little left, files go on. */
	for (size_t i = 0; i < pieces; i++) {
		CHECK(pread(fd, buffer, 1000, (off_t)(i * 60000)) == 1000);
		CHECK(buffer[0] == (char)i);
	}
	for (size_t i = 0; i < pieces; i += 7)
		CHECK(pwrite(fd, "x", 1, (off_t)(i * 60000)) == 1);
	for (size_t i = 0; i < bytes; i += 4096)
		CHECK(p[i] == 'p');
	free(p);
	CHECK(ftruncate(fd, 1000) == 0);
}

/* The program takes all memory that there is, and ends. */
static void kept(void)
{
	int fd = open("/data/kept", O_CREAT | O_RDWR, 0644);

	memset(buffer, 'k', sizeof(buffer));
	for (int i = 0; i < 160; i++)
		CHECK(write(fd, buffer, sizeof(buffer)) == sizeof(buffer));
	CHECK(mkdir("/data/dir", 0755) == 0);
	for (size_t size = MIB; size >= 16; size /= 2)
		while (malloc(size))
			;
}

/* There is no memory, and still files are made, written and read. */
static void exhausted(void)
{
	enum { FILES = 300, BYTES = 30000 };
	static char name[64];
	struct stat st;
	int fd;

	CHECK(stat("/data", &st) == 0);
	for (size_t size = MIB; size >= 16; size /= 2)
		while (malloc(size))
			;
	for (int i = 0; i < FILES; i++) {
		snprintf(name, sizeof(name), "/data/file%d", i);
		fd = open(name, O_CREAT | O_RDWR, 0644);
		CHECK(fd >= 0);
		memset(buffer, 'a' + i % 26, BYTES);
		for (int at = 0; at < BYTES; at += 1000)
			CHECK(write(fd, buffer, 1000) == 1000);
		CHECK(close(fd) == 0);
	}
	CHECK(mkdir("/data/dir", 0755) == 0);
	for (int i = 0; i < FILES; i++) {
		char to[64];

		snprintf(name, sizeof(name), "/data/file%d", i);
		snprintf(to, sizeof(to), "/data/dir/moved%d", i);
		CHECK(stat(name, &st) == 0 && st.st_size == BYTES);
		CHECK(rename(name, to) == 0);
		fd = open(to, O_RDONLY);
		CHECK(pread(fd, buffer, 100, BYTES - 50) == 50);
		CHECK(buffer[0] == 'a' + i % 26 && buffer[49] == buffer[0]);
		CHECK(close(fd) == 0);
		if (i % 3 == 0)
			CHECK(unlink(to) == 0);
	}
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*run)(void);
	} cases[] = {
		{"devices", devices},
		{"streams", streams},
		{"read_only", read_only},
		{"mounts", mounts},
		{"no_data", no_data},
		{"differences", differences},
		{"past_the_end", past_the_end},
		{"full", full},
		{"promises", promises},
		{"names", names},
		{"no_memory", no_memory},
		{"mounted", mounted},
		{"raw_first", raw_first},
		{"unflushed", unflushed},
		{"aborted", aborted},
		{"killed", killed},
		{"cached", cached},
		{"kept", kept},
		{"exhausted", exhausted},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (argc < 2 || strcmp(cases[i].name, argv[1]))
			continue;
		cases[i].run();
		puts("done");
		return 0;
	}
	return 2;
}
