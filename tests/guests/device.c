/* SPDX-License-Identifier: ISC */
/* The files there are without a disk. Argument 1 names one of /dev. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define CHECK(truth)                                               \
	do {                                                       \
		if (!(truth)) {                                    \
			printf("line %d: %s\n", __LINE__, #truth); \
			exit(1);                                   \
		}                                                  \
	} while (0)

static char buffer[100000];

static int is_all(char value)
{
	for (size_t i = 0; i < sizeof(buffer); i++)
		if (buffer[i] != value)
			return 0;
	return 1;
}

static int opened(const char *path)
{
	struct stat st;
	int fd = open(path, O_RDWR);

	CHECK(fd == 3);
	CHECK(!fstat(fd, &st) && S_ISCHR(st.st_mode));
	CHECK(!stat(path, &st) && S_ISCHR(st.st_mode));
	CHECK(!isatty(fd));
	CHECK(lseek(fd, 0, SEEK_SET) == 0);
	CHECK(lseek(fd, -1, SEEK_SET) == -1 && errno == EINVAL);
	return fd;
}

static void null(void)
{
	int fd = opened("/dev/null");

	memset(buffer, 1, sizeof(buffer));
	CHECK(read(fd, buffer, sizeof(buffer)) == 0);
	CHECK(pread(fd, buffer, 10, 1000) == 0);
	CHECK(is_all(1));
	CHECK(write(fd, buffer, sizeof(buffer)) == sizeof(buffer));
	CHECK(pwrite(fd, buffer, 10, 5) == 10);
	CHECK(write(fd, buffer, 0) == 0);
	CHECK(!close(fd));
	CHECK(close(fd) == -1 && errno == EBADF);
	CHECK(read(fd, buffer, 1) == -1 && errno == EBADF);
}

static void zero(void)
{
	struct iovec iov[] = {{buffer, 10}, {buffer, 0}, {buffer + 10, 20}};
	int fd = opened("/dev/zero");

	memset(buffer, 1, sizeof(buffer));
	CHECK(readv(fd, iov, 3) == 30);
	CHECK(!buffer[0] && !buffer[29] && buffer[30] == 1);
	CHECK(read(fd, buffer, sizeof(buffer)) == sizeof(buffer));
	CHECK(is_all(0));
	CHECK(write(fd, buffer, 100) == 100);
	CHECK(pread(fd, buffer, 100, 1l << 40) == 100);
}

static void full(void)
{
	int fd = opened("/dev/full");
	FILE *f;

	CHECK(write(fd, buffer, 1) == -1 && errno == ENOSPC);
	memset(buffer, 1, sizeof(buffer));
	CHECK(read(fd, buffer, sizeof(buffer)) == sizeof(buffer));
	CHECK(is_all(0));
	f = fdopen(fd, "w");
	CHECK(f && fputs("text", f) >= 0);
	CHECK(fclose(f) == EOF && errno == ENOSPC);
}

static void random_from(const char *path)
{
	unsigned count[256] = {0};
	int fd = opened(path);

	CHECK(read(fd, buffer, sizeof(buffer)) == sizeof(buffer));
	for (size_t i = 0; i < sizeof(buffer); i++)
		count[(unsigned char)buffer[i]]++;
	/* 390 of each, give or take 8 sigma. */
	for (int i = 0; i < 256; i++)
		CHECK(count[i] > 230 && count[i] < 550);
	CHECK(write(fd, buffer, 100) == 100);
	CHECK(pread(fd, buffer, 16, 0) == 16);
	for (int i = 0; i < 16; i++)
		printf("%02x", (unsigned char)buffer[i]);
	puts("");
}

static void others(void)
{
	int fds = 0;

	CHECK(open("/dev/nonesuch", O_RDONLY) == -1 && errno == ENOENT);
	CHECK(open("/dev/", O_RDWR) == -1 && errno == EISDIR);
	CHECK(open("", O_RDONLY) == -1 && errno == ENOENT);
	CHECK(open("/etc/passwd", O_RDONLY) == -1 && errno == ENOENT);
	CHECK(open("/new", O_WRONLY | O_CREAT, 0600) == -1);
	CHECK(open("/dev/disk0", O_RDONLY) == -1 && errno == ENOENT);
	CHECK(open("/dev/null", O_RDONLY | O_DIRECTORY) == -1 &&
	      errno == ENOTDIR);
	CHECK(!fopen("/dev/null/x", "r"));
	CHECK(open("/dev/null", O_RDONLY) == 3);
	CHECK(write(3, "x", 1) == -1 && errno == EBADF);
	CHECK(open("/dev/null", O_WRONLY) == 4);
	CHECK(read(4, buffer, 1) == -1 && errno == EBADF);
	/* The lowest free number, and no more than there are. */
	CHECK(!close(3));
	CHECK(open("/dev/zero", O_RDONLY) == 3);
	while (open("/dev/null", O_RDONLY) >= 0)
		fds++;
	CHECK(errno == EMFILE && fds == 1024 - 5);
	for (int fd = 3; fd < 1024; fd++)
		CHECK(!close(fd));
	CHECK(read(-1, buffer, 1) == -1 && errno == EBADF);
	CHECK(read(1024, buffer, 1) == -1 && errno == EBADF);
	CHECK(fsync(0) == -1);
}

int main(int argc, char **argv)
{
	if (argc < 2)
		return 2;
	if (!strcmp(argv[1], "null"))
		null();
	else if (!strcmp(argv[1], "zero"))
		zero();
	else if (!strcmp(argv[1], "full"))
		full();
	else if (!strcmp(argv[1], "random"))
		random_from("/dev/random");
	else if (!strcmp(argv[1], "urandom"))
		random_from("/dev/urandom");
	else
		others();
	return 0;
}
