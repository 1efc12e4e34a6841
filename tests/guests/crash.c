/* SPDX-License-Identifier: ISC */
/* What becomes of files on a disk when something goes wrong. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLOCK 4096

static char data[64 * BLOCK];

static void fill(int n)
{
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (char)(n * 31 + (int)(i / 7));
}

static void say(const char *what, int n)
{
	printf("%s %d %s\n", what, n, errno ? strerror(errno) : "ok");
	errno = 0;
}

static size_t bytes_of(int n)
{
	return (size_t)(n * 977) % sizeof(data) + 1;
}

/* For ever: a file of its own content is made, renamed into place, synced. */
static int churn(void)
{
	char path[64];

	for (int n = 0;; n++) {
		FILE *f = fopen("/data/new", "w");

		fill(n);
		if (!f || fwrite(data, 1, bytes_of(n), f) != bytes_of(n) ||
		    fflush(f) || fsync(fileno(f)) || fclose(f))
			return 1;
		snprintf(path, sizeof(path), "/data/file-%d", n % 40);
		if (rename("/data/new", path))
			return 2;
		snprintf(path, sizeof(path), "/data/last-%d", n % 2);
		f = fopen(path, "w");
		if (!f || fprintf(f, "%d\n", n) < 0 || fflush(f) ||
		    fsync(fileno(f)) || fclose(f))
			return 3;
		printf("synced %d\n", n);
		/* Not synced, so either there or not, but never half. */
		if (n % 3 == 0) {
			snprintf(path, sizeof(path), "/data/dir-%d", n % 9);
			mkdir(path, 0755);
			rmdir(path);
		}
	}
}

/* Every file is what some round wrote, none older than it can be. */
static int verify(int last)
{
	static char got[sizeof(data) + 1];
	int bad = 0;

	for (int n = last > 39 ? last - 39 : 0; n <= last; n++) {
		char path[64];
		size_t bytes;
		int round = -1;
		FILE *f;

		snprintf(path, sizeof(path), "/data/file-%d", n % 40);
		f = fopen(path, "r");
		bytes = f ? fread(got, 1, sizeof(got), f) : 0;
		if (f)
			fclose(f);
		/* One round after the last that was told may have come far. */
		for (int r = n; r <= last + 1 && round < 0; r += 40) {
			fill(r);
			if (bytes == bytes_of(r) && !memcmp(got, data, bytes))
				round = r;
		}
		if (round < 0) {
			printf("%s is not of round %d\n", path, n);
			bad = 1;
		}
	}
	printf(bad ? "lost\n" : "whole\n");
	return bad;
}

/* Writes one file until it fails, then what there is room for. */
static int full(void)
{
	int fd = open("/data/big", O_RDWR | O_CREAT | O_TRUNC, 0644), small;
	off_t size = 0;
	long n;

	fill(1);
	errno = 0;
	while ((n = write(fd, data, sizeof(data))) > 0)
		size += n;
	say("write", (int)n);
	if (fsync(fd))
		say("fsync", -1);
	printf("wrote some: %d\n", size > 0);
	for (off_t at = 0; at + (off_t)sizeof(data) <= size;
	     at += (off_t)sizeof(data)) {
		static char got[sizeof(data)];

		if (pread(fd, got, sizeof(got), at) != (long)sizeof(got) ||
		    memcmp(got, data, sizeof(got))) {
			puts("what was written is not there");
			return 1;
		}
	}
	close(fd);
	if (mkdir("/data/dir", 0755))
		say("mkdir", -1);
	errno = 0;
	unlink("/data/big");
	small = open("/data/small", O_RDWR | O_CREAT, 0644);
	n = write(small, data, sizeof(data));
	printf("afterwards %ld %d\n", n, fsync(small));
	return 0;
}

static int inodes(void)
{
	char path[64];
	int n = 0, fd;

	for (;; n++) {
		snprintf(path, sizeof(path), "/data/%d", n);
		fd = open(path, O_CREAT | O_EXCL | O_WRONLY, 0644);
		if (fd < 0)
			break;
		close(fd);
	}
	say("open", n > 5);
	unlink("/data/0");
	fd = open("/data/again", O_CREAT | O_WRONLY, 0644);
	printf("again %d\n", fd >= 0 && !fsync(fd));
	return 0;
}

/* Keeps at it while the host does something to the disk. */
static int stubborn(void)
{
	char line[16];
	int fd = open("/data/keep", O_RDWR | O_CREAT, 0644), n = 0;

	fill(0);
	printf("ready\n");
	while (fgets(line, sizeof(line), stdin)) {
		long r = pwrite(fd, data, sizeof(data),
				(off_t)n++ * (off_t)sizeof(data));

		errno = 0;
		if (r < 0 || fsync(fd))
			say("failed", 0);
		else
			say("done", 0);
	}
	return 0;
}

/* Reads what it has not read before while the host cuts the disk. */
static int reader(void)
{
	char line[16];
	int fd = open("/data/cold", O_RDONLY);
	long n;

	printf("ready\n");
	while (fgets(line, sizeof(line), stdin)) {
		errno = 0;
		n = read(fd, data, sizeof(data));
		say(n < 0 ? "failed" : "done", (int)n);
	}
	puts("still here");
	return 0;
}

/* Until there is no more stack. */
static int dig(int depth)
{
	volatile char room[2000];

	room[0] = (char)depth;
	return depth ? dig(depth + 1) + room[0] : 0;
}

__attribute__((noipa)) static void break_off(void)
{
	__builtin_trap();
}

static int once(const char *how)
{
	FILE *f = fopen("/data/once", "w+");

	if (!f)
		return 1;
	fprintf(f, "written by %s\n", how);
	if (!strcmp(how, "exit"))
		exit(3); /* stdio is flushed, nothing was synced */
	fflush(f);
	if (!strcmp(how, "_exit"))
		_exit(4);
	if (!strcmp(how, "abort"))
		abort();
	if (!strcmp(how, "trap"))
		break_off();
	if (!strcmp(how, "overflow"))
		return dig(1);
	if (!strcmp(how, "in a call"))
		pread(fileno(f), (void *)1, 100, 0); /* the runtime traps */
	return 5;
}

int main(int argc, char **argv)
{
	if (argc > 2 && !strcmp(argv[1], "verify"))
		return verify(atoi(argv[2]));
	if (argc > 2 && !strcmp(argv[1], "once"))
		return once(argv[2]);
	if (argc < 2)
		return 64;
	if (!strcmp(argv[1], "churn"))
		return churn();
	if (!strcmp(argv[1], "full"))
		return full();
	if (!strcmp(argv[1], "inodes"))
		return inodes();
	if (!strcmp(argv[1], "stubborn"))
		return stubborn();
	if (!strcmp(argv[1], "reader"))
		return reader();
	return 64;
}
