/* SPDX-License-Identifier: ISC */
/* What the programs files_*.c share. */
#include "files.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME(error) \
	case error: \
		return #error

int files_home;

static uint64_t state;

const char *files_error(int error)
{
	static char number[16];

	switch (error) {
		NAME(EPERM);
		NAME(ENOENT);
		NAME(EIO);
		NAME(ENXIO);
		NAME(EBADF);
		NAME(EAGAIN);
		NAME(ENOMEM);
		NAME(EACCES);
		NAME(EFAULT);
		NAME(EBUSY);
		NAME(EEXIST);
		NAME(EXDEV);
		NAME(ENODEV);
		NAME(ENOTDIR);
		NAME(EISDIR);
		NAME(EINVAL);
		NAME(ENFILE);
		NAME(EMFILE);
		NAME(ENOTTY);
		NAME(ETXTBSY);
		NAME(EFBIG);
		NAME(ENOSPC);
		NAME(ESPIPE);
		NAME(EROFS);
		NAME(EMLINK);
		NAME(EPIPE);
		NAME(ERANGE);
		NAME(EDEADLK);
		NAME(ENAMETOOLONG);
		NAME(ENOLCK);
		NAME(ENOSYS);
		NAME(ENOTEMPTY);
		NAME(ELOOP);
		NAME(EOVERFLOW);
		NAME(EOPNOTSUPP);
		NAME(ESTALE);
	default:
		snprintf(number, sizeof(number), "error %d", error);
		return number;
	}
}

long files_told(const char *what, long result)
{
	if (result == -1)
		printf("%s = %s\n", what, files_error(errno));
	else
		printf("%s = %ld\n", what, result);
	return result;
}

void files_stop(const char *file, int line, const char *what)
{
	int error = errno;

	printf("%s, line %d: %s (%s)\n", file, line, what, files_error(error));
	exit(1);
}

uint64_t files_digest(uint64_t hash, const void *data, size_t bytes)
{
	const unsigned char *from = data;

	if (!hash)
		hash = 0xcbf29ce484222325;
	for (size_t i = 0; i < bytes; i++)
		hash = (hash ^ from[i]) * 0x100000001b3;
	return hash;
}

void files_put(const char *path, const void *data, size_t bytes)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	NEED(fd >= 0);
	NEED(write(fd, data, bytes) == (ssize_t)bytes);
	NEED(close(fd) == 0);
}

void files_show_fd(int fd)
{
	static char buffer[65536];
	uint64_t hash = 0;
	off_t at = 0;
	ssize_t n;

	while ((n = pread(fd, buffer, sizeof(buffer), at)) > 0) {
		if (!at) {
			printf("  \"");
			for (ssize_t i = 0; i < n && i < 32; i++)
				printf(buffer[i] < ' ' ? "\\%d" : "%c",
				       buffer[i]);
			printf("\" ");
		}
		hash = files_digest(hash, buffer, (size_t)n);
		at += n;
	}
	if (n)
		printf("  reading = %s\n", files_error(errno));
	else
		printf("  %lld bytes, %016llx\n", (long long)at,
		       (unsigned long long)hash);
}

void files_show(const char *path)
{
	int fd = open(path, O_RDONLY);

	NEED(fd >= 0);
	files_show_fd(fd);
	close(fd);
}

void files_stat(const char *path)
{
	struct stat st;

	if (lstat(path, &st)) {
		printf("  %s: %s\n", path, files_error(errno));
		return;
	}
	printf("  %s: mode %o, %lu links, owner %u.%u", path, st.st_mode,
	       (unsigned long)st.st_nlink, st.st_uid, st.st_gid);
	if (!S_ISDIR(st.st_mode))
		printf(", %lld bytes", (long long)st.st_size);
	printf("\n");
}

void files_seed(uint64_t seed)
{
	state = seed * 2 + 1;
}

unsigned files_random(unsigned limit)
{
	state = state * 6364136223846793005 + 1442695040888963407;
	return (unsigned)((state >> 33) % limit);
}

int files_main(int argc, char **argv, const struct files_case *cases)
{
	static char buffer[1 << 16];

	if (argc != 3) {
		fprintf(stderr, "usage: files DIRECTORY CASE\n");
		return 2;
	}
	for (int fd = 3; fd < 1024; fd++)
		close(fd);
	umask(022);
	setvbuf(stdout, buffer, _IOFBF, sizeof(buffer));
	NEED(chdir(argv[1]) == 0);
	NEED(mkdir(argv[2], 0755) == 0);
	NEED(chdir(argv[2]) == 0);
	NEED(mkdir("here", 0755) == 0); /* so that ".." is the same too */
	NEED(chdir("here") == 0);
	files_home = open(".", O_RDONLY | O_DIRECTORY);
	NEED(files_home == 3);
	for (; cases->name; cases++) {
		if (strcmp(cases->name, argv[2]))
			continue;
		cases->run();
		puts("done");
		return 0;
	}
	fprintf(stderr, "files: no case %s\n", argv[2]);
	return 2;
}
