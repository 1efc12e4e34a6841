/* SPDX-License-Identifier: ISC */
/*
 * Uses a raw disk, as argument 1 says. Argument 2 names it. A fresh disk is
 * lines of 16 bytes, numbered from 1; 3 and 4 are its size and block size.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#ifndef BLKDISCARD
#define BLKDISCARD _IO(0x12, 119) /* linux/fs.h */
#endif

#define LINE 16

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

static char path[64];
static size_t size, block;
static char *want, *got; /* what the disk holds, and room for as much */

static int control(int fd, unsigned long request, void *arg)
{
	return ioctl(fd, (int)request, arg); /* musl takes an int */
}

static void fill(void)
{
	want = malloc(size + LINE);
	got = malloc(size + LINE);
	CHECK(want && got);
	for (size_t at = 0; at < size; at += LINE)
		snprintf(want + at, LINE + 1, "%015u\n",
			 (unsigned)(at / LINE + 1) % 1000000000);
}

static void wait_for_host(const char *ready)
{
	puts(ready);
	fflush(stdout);
	getchar();
}

/* All of the disk is what it should be. */
static void check_disk(int fd)
{
	CHECK(pread(fd, got, size, 0) == (ssize_t)size);
	CHECK(!memcmp(got, want, size));
}

static void check_read(int fd, size_t offset, size_t bytes)
{
	size_t there = offset < size ? size - offset : 0;
	ssize_t n = (ssize_t)(bytes < there ? bytes : there);

	memset(got, '#', size);
	CHECK(pread(fd, got, bytes, (off_t)offset) == n);
	CHECK(!memcmp(got, want + offset, (size_t)n));
	if ((size_t)n < size)
		CHECK(got[n] == '#');
}

static void info(void)
{
	struct stat st, by_name;
	uint64_t bytes = 0;
	unsigned long sectors = 0;
	int fd = open(path, O_RDWR), n = -1;

	CHECK(fd >= 3);
	CHECK(!fstat(fd, &st) && S_ISBLK(st.st_mode));
	CHECK(!stat(path, &by_name) && by_name.st_ino == st.st_ino);
	CHECK(!control(fd, BLKGETSIZE64, &bytes) && bytes == size);
	CHECK(!control(fd, BLKGETSIZE, &sectors) && sectors == size / 512);
	CHECK(!control(fd, BLKSSZGET, &n) && (size_t)n == block);
	CHECK(!control(fd, BLKROGET, &n) && n == 0);
	CHECK(!isatty(fd));
	FAILS(control(fd, 0x1234, &n), ENOTTY);
	CHECK(lseek(fd, 0, SEEK_END) == (off_t)size);
	CHECK(lseek(fd, -16, SEEK_CUR) == (off_t)size - 16);
	CHECK(read(fd, got, 100) == 16 && !memcmp(got, want + size - 16, 16));
	CHECK(read(fd, got, 100) == 0);
	CHECK(lseek(fd, (off_t)size * 2, SEEK_SET) == (off_t)size * 2);
	CHECK(read(fd, got, 100) == 0);
	FAILS(lseek(fd, -1, SEEK_SET), EINVAL);
	FAILS(lseek(fd, 0, 77), EINVAL);
	CHECK(lseek(fd, 0, SEEK_CUR) == (off_t)size * 2);
	CHECK(!fsync(fd) && !fdatasync(fd) && !close(fd));
	FAILS(fsync(fd), EBADF);
	FAILS(open("/dev/nodisk", O_RDONLY), ENOENT);
	FAILS(open("/dev/nodisk", O_RDWR | O_CREAT, 0600), EROFS);
	FAILS(open(path, O_RDONLY | O_DIRECTORY), ENOTDIR);
}

static void reads(void)
{
	size_t edge[] = {0,
			 1,
			 15,
			 block - 1,
			 block,
			 block + 1,
			 2 * block,
			 2 * block + 7,
			 size / 2 + 3,
			 size - block,
			 size - 1,
			 size,
			 size + 1,
			 size * 2,
			 3 * block - 1};
	const size_t count = sizeof(edge) / sizeof(edge[0]);
	int fd = open(path, O_RDONLY);

	CHECK(fd >= 0);
	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < count; j++)
			check_read(fd, edge[i],
				   edge[j] < size ? edge[j] : size);
	srand(1);
	for (int i = 0; i < 500; i++)
		check_read(fd, (size_t)rand() % size,
			   (size_t)rand() % (4 * block));
	FAILS(pread(fd, got, 1, -1), EINVAL);
	CHECK(lseek(fd, 0, SEEK_CUR) == 0);
}

/* From one end to the other, in steps that fit nothing. */
static void steps(void)
{
	const size_t step[] = {1000, 7, block - 1, block, block + 1, 8192};
	int fd = open(path, O_RDONLY);

	for (size_t i = 0; i < sizeof(step) / sizeof(step[0]); i++) {
		size_t at = 0, end = step[i] == 7 ? 4 * block : size;
		ssize_t n;

		CHECK(lseek(fd, 0, SEEK_SET) == 0);
		while (at < end && (n = read(fd, got + at, step[i])) > 0)
			at += (size_t)n;
		CHECK(at >= end && !memcmp(got, want, at));
	}
}

static void check_write(int fd, char letter, size_t offset, size_t bytes)
{
	memset(got, letter, bytes);
	CHECK(pwrite(fd, got, bytes, (off_t)offset) == (ssize_t)bytes);
	memset(want + offset, letter, bytes);
	check_disk(fd);
}

static void writes(void)
{
	int fd = open(path, O_RDWR);

	CHECK(fd >= 0);
	check_write(fd, 'a', 0, block);
	check_write(fd, 'b', size - block, block);
	check_write(fd, 'c', block, 3 * block);
	check_write(fd, 'd', 2 * block, block);
	CHECK(lseek(fd, (off_t)(5 * block), SEEK_SET) == (off_t)(5 * block));
	memset(want + 5 * block, 'e', 2 * block);
	CHECK(write(fd, want + 5 * block, 2 * block) == (ssize_t)(2 * block));
	CHECK(lseek(fd, 0, SEEK_CUR) == (off_t)(7 * block));
	check_disk(fd);
	CHECK(!fsync(fd));
}

/* Writes that cannot be: each is refused whole, and the guest goes on. */
static void refused(void)
{
	int fd = open(path, O_RDWR), only = open(path, O_WRONLY);

	memset(got, 'x', size);
	FAILS(pwrite(fd, got, 1, 0), EINVAL);
	FAILS(pwrite(fd, got, block - 1, 0), EINVAL);
	FAILS(pwrite(fd, got, block + 1, 0), EINVAL);
	FAILS(pwrite(fd, got, block, 1), EINVAL);
	FAILS(pwrite(fd, got, block, (off_t)block / 2), EINVAL);
	FAILS(pwrite(fd, got, block - 1, 1), EINVAL);
	FAILS(pwrite(fd, got, block, -(off_t)block), EINVAL);
	FAILS(pwrite(fd, got, block, (off_t)size), ENOSPC);
	FAILS(pwrite(fd, got, block, (off_t)size * 16), ENOSPC);
	FAILS(write(only, got, 5), EINVAL);
	CHECK(lseek(only, 0, SEEK_CUR) == 0);
	CHECK(lseek(only, 0, SEEK_END) == (off_t)size);
	FAILS(write(only, got, block), ENOSPC);
	FAILS(read(only, got, 1), EBADF);
	CHECK(write(fd, got, 0) == 0);
	check_disk(fd);
	/* What is left of the disk is written, as on Linux. */
	check_write(fd, 'y', size - block, block);
	memset(got, 'z', 2 * block);
	CHECK(pwrite(fd, got, 2 * block, (off_t)(size - block)) ==
	      (ssize_t)block);
	memset(want + size - block, 'z', block);
	check_disk(fd);
}

static void read_only(void)
{
	uint64_t range[] = {0, block};
	int fd, n = -1;

	FAILS(open(path, O_RDWR), EROFS);
	FAILS(open(path, O_WRONLY), EROFS);
	fd = open(path, O_RDONLY);
	CHECK(fd >= 0);
	CHECK(!control(fd, BLKROGET, &n) && n == 1);
	FAILS(write(fd, got, block), EBADF);
	FAILS(pwrite(fd, got, block, 0), EBADF);
	CHECK(control(fd, BLKDISCARD, range) == -1);
	CHECK(!fsync(fd));
	check_disk(fd);
}

static void stdio(void)
{
	FILE *f = fopen(path, "r");
	char line[100];

	CHECK(f);
	for (size_t at = 0; at < size; at += LINE) {
		CHECK(fgets(line, sizeof(line), f) == line);
		CHECK(!memcmp(line, want + at, LINE) && !line[LINE]);
	}
	CHECK(!fgets(line, sizeof(line), f) && feof(f) && !ferror(f));
	for (size_t at = 5; at < size; at = at * 3 + 1) {
		CHECK(!fseek(f, (long)at, SEEK_SET));
		CHECK(ftell(f) == (long)at);
		CHECK(fread(got, 1, size, f) == size - at);
		CHECK(!memcmp(got, want + at, size - at));
	}
	CHECK(!fseek(f, -3, SEEK_END) && getc(f) == want[size - 3]);
	CHECK(!fclose(f));
	f = fopen(path, "r+");
	CHECK(f);
	CHECK(!fseek(f, (long)(3 * block), SEEK_SET));
	memset(want + 3 * block, 'S', 2 * block);
	CHECK(fwrite(want + 3 * block, block, 2, f) == 2);
	CHECK(!fclose(f));
	check_disk(open(path, O_RDONLY));
	CHECK(fopen(path, "r")); /* the rest is freed by the end */
}

/* So many pieces of @each bytes; every third is empty. */
static int pieces(struct iovec *iov, int count, char *base, size_t each)
{
	size_t at = 0;

	for (int i = 0; i < count; i++) {
		iov[i].iov_base = base + at;
		iov[i].iov_len = i % 3 == 2 ? 0 : each;
		at += iov[i].iov_len;
	}
	return (int)at;
}

static void vectors(void)
{
	static const int counts[] = {1, 2, 63, 64, 65, 66, 96, 97, 300, 1024};
	const size_t sizes[] = {1, 16, 100, 512, block};
	struct iovec iov[1024];
	int fd = open(path, O_RDWR);

	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		for (size_t j = 0; j < sizeof(sizes) / sizeof(sizes[0]); j++)
			for (off_t at = 0; at < 2; at++) {
				int count = counts[i];
				ssize_t n;
				int most;

				if (sizes[j] * (size_t)count > size / 2)
					continue;
				most = pieces(iov, count, got, sizes[j]);
				memset(got, '#', size);
				n = preadv(fd, iov, count, at * 77);
				CHECK(n > 0 && n <= most);
				/* Short only where the list was. */
				CHECK(n == most || count > 64);
				CHECK(!memcmp(got, want + at * 77, (size_t)n));
				CHECK(got[n] == '#');
			}
	/* Across the end of the disk: in its second piece, before its third. */
	for (size_t over = 1; over < 2 * block; over += block / 2) {
		off_t at = (off_t)(size - 3 * block + over);
		ssize_t there = (ssize_t)(3 * block - over);

		for (int i = 0; i < 3; i++)
			iov[i] = (struct iovec){got + (size_t)i * 2 * block,
						2 * block};
		memset(got, '#', size);
		CHECK(preadv(fd, iov, 3, at) == there);
		CHECK(!memcmp(got, want + at, (size_t)there));
		CHECK(got[there] == '#');
	}
	CHECK(readv(fd, iov, 0) == 0);
	FAILS(readv(fd, iov, -1), EINVAL);
	FAILS(readv(fd, iov, 1025), EINVAL);
}

/*
 * Writes want[at] to want[end] in pieces that are no blocks, but whose sum
 * is; every third is empty. A short write is gone on with.
 */
static void write_pieces(int fd, size_t at, size_t end, size_t each)
{
	struct iovec iov[1024];

	while (at < end) {
		size_t bytes = end - at, most = 600 * each, held = 0;
		int count = 0;
		ssize_t n;

		if (bytes > most)
			bytes = most - most % block;
		CHECK(bytes > 0);
		for (; held < bytes; count++) {
			size_t left = bytes - held;

			iov[count].iov_base = want + at + held;
			iov[count].iov_len = left < each ? left : each;
			if (count % 3 == 2)
				iov[count].iov_len = 0;
			held += iov[count].iov_len;
		}
		n = pwritev(fd, iov, count, (off_t)at);
		CHECK(n > 0 && (size_t)n % block == 0 && (size_t)n <= bytes);
		CHECK((size_t)n == bytes || count > 64);
		at += (size_t)n;
	}
}

static void vector_writes(void)
{
	const size_t each[] = {8,   13,	       64,    100,	 500,
			       512, block - 1, block, block + 1, 3 * block};
	struct iovec iov[2];
	int fd = open(path, O_RDWR);

	for (size_t i = 0; i < sizeof(each) / sizeof(each[0]); i++) {
		for (size_t at = block; at < 13 * block; at++)
			want[at] = (char)('A' + (at / 3 + i) % 26);
		write_pieces(fd, block, 13 * block, each[i]);
		check_disk(fd);
	}
	iov[0] = (struct iovec){got, block / 2};
	iov[1] = (struct iovec){got, block / 2 + 1};
	FAILS(writev(fd, iov, 2), EINVAL);
	check_disk(fd);
	/* Across the end of the disk. */
	memset(want + size - 3 * block, 'E', 3 * block);
	memset(got, 'E', 3 * block);
	iov[0] = iov[1] = (struct iovec){got, 2 * block};
	CHECK(pwritev(fd, iov, 2, (off_t)(size - 3 * block)) ==
	      (ssize_t)(3 * block));
	check_disk(fd);
	CHECK(!fsync(fd));
}

static void discard(void)
{
	uint64_t range[] = {2 * block, 3 * block};
	int fd = open(path, O_RDWR);

	CHECK(!control(fd, BLKDISCARD, range));
	memset(want + range[0], 0, range[1]);
	check_disk(fd);
	range[0] = size - block;
	range[1] = block;
	CHECK(!control(fd, BLKDISCARD, range));
	memset(want + range[0], 0, range[1]);
	range[0] = size;
	CHECK(control(fd, BLKDISCARD, range) == -1);
	range[0] = 1;
	FAILS(control(fd, BLKDISCARD, range), EINVAL);
	range[0] = 0;
	range[1] = block - 1;
	FAILS(control(fd, BLKDISCARD, range), EINVAL);
	check_disk(fd);
}

/* Writes letters to all of the disk; the host ends this one by force. */
static void persist(void)
{
	int fd = open(path, O_RDWR);

	memset(want, 'P', size);
	CHECK(write(fd, want, size) == (ssize_t)size);
	CHECK(!fsync(fd));
	wait_for_host("synced");
}

/* The host cuts the file to half while this one waits. */
static void shrinks(void)
{
	int fd = open(path, O_RDWR);

	check_disk(fd);
	wait_for_host("ready");
	FAILS(pread(fd, got, block, (off_t)(size - block)), EIO);
	FAILS(pread(fd, got, 10, (off_t)(size - block) + 3), EIO);
	FAILS(pread(fd, got, size, 0), EIO);
	CHECK(pread(fd, got, size / 2, 0) == (ssize_t)size / 2);
	CHECK(!memcmp(got, want, size / 2));
	puts("went on");
}

/* The file is sparse, and its host has no room for all of it. */
static void fills(void)
{
	int fd = open(path, O_RDWR);
	size_t at = 0;
	ssize_t n = 0;

	memset(got, 'F', 65536);
	for (; at < size; at += 65536) {
		n = pwrite(fd, got, 65536, (off_t)at);
		if (n < 0)
			break;
		CHECK(n == 65536);
	}
	CHECK(at > 0 && at < size);
	FAILS(pwrite(fd, got, 65536, (off_t)at), ENOSPC);
	CHECK(pread(fd, want, 65536, 0) == 65536);
	CHECK(!memcmp(got, want, 65536));
	puts("went on");
}

/* Prints the first line of each disk named. */
static void heads(char **names)
{
	for (; *names; names++) {
		char line[LINE + 1] = "";
		int fd;

		snprintf(path, sizeof(path), "/dev/%s", *names);
		fd = open(path, O_RDONLY);
		CHECK(fd >= 0 && read(fd, line, LINE) == LINE);
		printf("%s %s", *names, line);
	}
}

/* The first line of standard input is none of the disk's. */
static void input(void)
{
	char line[100];

	printf("%s", fgets(line, sizeof(line), stdin) ? line : "no input\n");
}

static const struct {
	const char *name;
	void (*run)(void);
} cases[] = {
	{"info", info},
	{"reads", reads},
	{"steps", steps},
	{"writes", writes},
	{"refused", refused},
	{"read_only", read_only},
	{"stdio", stdio},
	{"vectors", vectors},
	{"vector_writes", vector_writes},
	{"discard", discard},
	{"persist", persist},
	{"shrinks", shrinks},
	{"fills", fills},
	{"input", input},
};

int main(int argc, char **argv)
{
	if (argc > 2 && !strcmp(argv[1], "heads")) {
		heads(argv + 2);
		return 0;
	}
	if (argc < 5)
		return 2;
	snprintf(path, sizeof(path), "/dev/%s", argv[2]);
	size = (size_t)atol(argv[3]);
	block = (size_t)atol(argv[4]);
	fill();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (strcmp(argv[1], cases[i].name))
			continue;
		cases[i].run();
		puts("done");
		return 0;
	}
	return 2;
}
