/* SPDX-License-Identifier: ISC */
/* Descriptors: more of them for one open file, and locks, which belong to the
 * one or to the other. */
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files.h"

#ifndef F_OFD_SETLK
#define F_OFD_GETLK  36
#define F_OFD_SETLK  37
#define F_OFD_SETLKW 38
#endif

static void copies(void)
{
	struct stat st;
	char c;
	int fd;

	files_put("f", "0123456789", 10);
	fd = open("f", O_RDWR);
	DO(dup(fd));
	DO(dup(fd));
	DO(close(5));
	DO(dup(fd));
	DO(dup2(fd, 20));
	DO(dup2(fd, 20));
	DO(dup2(fd, fd));
	DO(dup2(99, 99));
	DO(dup2(99, 20));
	DO(dup2(fd, -1));
	DO(dup2(fd, 1024));
	DO(dup2(fd, INT_MAX));
	DO(dup3(fd, 21, O_CLOEXEC));
	DO(fcntl(21, F_GETFD));
	DO(fcntl(20, F_GETFD));
	DO(dup3(fd, fd, 0));
	DO(dup3(99, 99, 0));
	DO(dup3(fd, 22, O_APPEND));
	DO(dup(-1));
	DO(dup(1024));
	DO(fcntl(fd, F_DUPFD, 30));
	DO(fcntl(fd, F_DUPFD, 30));
	DO(fcntl(fd, F_DUPFD, 0));
	DO(fcntl(fd, F_DUPFD_CLOEXEC, 40));
	DO(fcntl(40, F_GETFD));
	DO(fcntl(30, F_GETFD));
	DO(fcntl(fd, F_DUPFD, -1));
	DO(fcntl(fd, F_DUPFD, 1024));
	DO(fcntl(fd, F_DUPFD, 1023));
	DO(fcntl(fd, F_DUPFD, 1023));
	DO(close(1023));
	/* One position and one set of status flags for all of them. */
	DO(lseek(20, 5, SEEK_SET));
	DO(lseek(40, 0, SEEK_CUR));
	DO(read(30, &c, 1));
	DO(c);
	DO(fcntl(20, F_SETFL, O_APPEND));
	DO(fcntl(fd, F_GETFL) & O_APPEND);
	DO(write(21, "end", 3));
	DO(lseek(fd, 0, SEEK_CUR));
	/* But each has its own flags of the descriptor. */
	DO(fcntl(20, F_SETFD, FD_CLOEXEC));
	DO(fcntl(fd, F_GETFD));
	DO(fcntl(20, F_GETFD));
	DO(fcntl(20, F_SETFD, 0));
	DO(fcntl(20, F_GETFD));
	/* What a descriptor is put over is closed. */
	DO(unlink("f"));
	DO(dup2(files_home, 20));
	DO(fstat(20, &st));
	DO(S_ISDIR(st.st_mode));
	DO(fstat(fd, &st));
	DO(st.st_nlink);
	files_show_fd(40);
}

static void flags(void)
{
	int fd, other;

	fd = open("f", O_RDWR | O_CREAT | O_EXCL | O_TRUNC, 0644);
	DO(fcntl(fd, F_GETFL));
	DO(fcntl(fd, F_SETFL, O_APPEND | O_NONBLOCK));
	DO(fcntl(fd, F_GETFL));
	DO(fcntl(fd, F_SETFL, O_WRONLY | O_CREAT | O_TRUNC | O_SYNC));
	DO(fcntl(fd, F_GETFL));
	DO(write(fd, "x", 1));
	DO(lseek(fd, 0, SEEK_SET));
	DO(read(fd, &(char){0}, 1));
	other = open("f", O_RDONLY | O_CLOEXEC);
	DO(fcntl(other, F_GETFD));
	DO(fcntl(other, F_GETFL) & O_CLOEXEC);
	DO(fcntl(other, F_SETFD, 0));
	DO(fcntl(other, F_GETFD));
	DO(fcntl(fd, 9999, 0));
	DO(fcntl(-1, F_GETFL));
	DO(fcntl(99, F_GETFD));
	DO(fcntl(99, F_DUPFD, 0));
	DO(fcntl(99, F_SETFL, 0));
	DO(fcntl(fd, F_SETFL, O_NOATIME));
	DO(fcntl(fd, F_GETFL));
}

static void too_many(void)
{
	int fd, count = 0;

	files_put("f", "x", 1);
	fd = open("f", O_RDONLY);
	while (dup(fd) >= 0)
		count++;
	DO(count);
	DO(dup(fd));
	DO(open("f", O_RDONLY));
	DO(open("none", O_RDONLY));
	DO(open("new", O_CREAT | O_WRONLY, 0644));
	DO(access("new", F_OK));
	DO(fcntl(fd, F_DUPFD, 0));
	DO(fcntl(fd, F_DUPFD, 1023));
	DO(fcntl(fd, F_DUPFD, 1024));
	DO(dup2(fd, 500));
	DO(close(700));
	DO(open("f", O_RDONLY));
	for (int i = 4; i < 1024; i++)
		NEED(close(i) == 0);
	count = 0;
	while (open("f", O_RDONLY) >= 0)
		count++;
	DO(count);
	DO(errno);
	for (int i = 1023; i >= 4; i--)
		NEED(close(i) == 0);
	DO(open("f", O_RDONLY));
}

static void whole(void)
{
	int a, b, copy, wr;

	files_put("f", "x", 1);
	a = open("f", O_RDONLY);
	b = open("f", O_RDONLY);
	wr = open("f", O_WRONLY);
	copy = dup(a);
	DO(flock(a, LOCK_SH | LOCK_NB));
	DO(flock(b, LOCK_SH | LOCK_NB));
	DO(flock(wr, LOCK_EX | LOCK_NB));
	DO(flock(b, LOCK_UN));
	DO(flock(wr, LOCK_EX | LOCK_NB));
	DO(flock(copy, LOCK_EX | LOCK_NB)); /* of the same open file */
	DO(flock(b, LOCK_SH | LOCK_NB));
	DO(flock(a, LOCK_SH | LOCK_NB));
	DO(flock(b, LOCK_SH | LOCK_NB));
	DO(flock(a, LOCK_EX | LOCK_NB)); /* b has it too */
	DO(flock(b, LOCK_UN));
	DO(flock(a, LOCK_EX));
	DO(close(a));
	DO(flock(b, LOCK_EX | LOCK_NB));
	DO(close(copy));
	DO(flock(b, LOCK_EX | LOCK_NB));
	DO(flock(b, LOCK_EX | LOCK_NB));
	DO(flock(b, 0));
	DO(flock(b, LOCK_NB));
	DO(flock(b, LOCK_SH | LOCK_EX));
	DO(flock(b, 16));
	DO(flock(-1, LOCK_SH));
	DO(flock(files_home, LOCK_EX | LOCK_NB));
	DO(flock(open(".", O_RDONLY), LOCK_SH | LOCK_NB));
	DO(unlink("f"));
	files_put("f", "y", 1);
	a = open("f", O_RDONLY);
	DO(flock(a, LOCK_EX | LOCK_NB)); /* another file of the same name */
}

static void lock(const char *name, int fd, int command, int type, int whence,
		 off_t start, off_t bytes)
{
	struct flock fl = {
		.l_type = (short)type,
		.l_whence = (short)whence,
		.l_start = start,
		.l_len = bytes,
	};
	char what[96];

	snprintf(what, sizeof(what), "%s %s%s%s, whence %d, %lld, %lld", name,
		 command == F_OFD_GETLK || command == F_GETLK ? "get " : "",
		 command < F_OFD_GETLK ? "posix " : "",
		 type == F_RDLCK   ? "read"
		 : type == F_WRLCK ? "write"
				   : "unlock",
		 whence, (long long)start, (long long)bytes);
	errno = 0;
	if (files_told(what, fcntl(fd, command, &fl)) ||
	    (command != F_GETLK && command != F_OFD_GETLK))
		return;
	printf("  %s %d, %lld, %lld, pid %d\n",
	       fl.l_type == F_RDLCK   ? "read"
	       : fl.l_type == F_WRLCK ? "write"
				      : "free",
	       fl.l_whence, (long long)fl.l_start, (long long)fl.l_len,
	       fl.l_pid);
}

/* Where another description's locks are, byte by byte up to 64. */
static void map_of(const char *what, int fd)
{
	char map[65];

	for (int i = 0; i < 64; i++) {
		struct flock fl = {
			.l_type = F_WRLCK,
			.l_start = i,
			.l_len = 1,
		};

		NEED(fcntl(fd, F_OFD_GETLK, &fl) == 0);
		map[i] = fl.l_type == F_UNLCK	? '.'
			 : fl.l_type == F_RDLCK ? 'r'
						: 'w';
	}
	map[64] = '\0';
	printf("  %s %s\n", what, map);
}

static void ranges(void)
{
	int a, b;

	files_put("f", "0123456789", 10);
	a = open("f", O_RDWR);
	b = open("f", O_RDWR);
	lock("a", a, F_OFD_SETLK, F_WRLCK, SEEK_SET, 10, 20);
	map_of("b", b);
	map_of("a", a);
	lock("b", b, F_OFD_SETLK, F_RDLCK, SEEK_SET, 29, 1);
	lock("b", b, F_OFD_SETLK, F_RDLCK, SEEK_SET, 30, 1);
	lock("b", b, F_OFD_SETLK, F_RDLCK, SEEK_SET, 9, 1);
	lock("b", b, F_OFD_SETLK, F_RDLCK, SEEK_SET, 0, 0);
	lock("b", b, F_OFD_GETLK, F_RDLCK, SEEK_SET, 0, 0);
	lock("a", a, F_OFD_GETLK, F_WRLCK, SEEK_SET, 0, 0);
	lock("a", a, F_OFD_GETLK, F_RDLCK, SEEK_SET, 0, 0);
	lock("a", a, F_OFD_SETLK, F_RDLCK, SEEK_SET, 15, 5);
	map_of("b", b);
	lock("a", a, F_OFD_SETLK, F_UNLCK, SEEK_SET, 12, 5);
	map_of("b", b);
	lock("b", b, F_OFD_SETLK, F_WRLCK, SEEK_SET, 13, 2);
	map_of("a", a);
	lock("a", a, F_OFD_SETLK, F_WRLCK, SEEK_SET, 40, 5);
	lock("a", a, F_OFD_SETLK, F_WRLCK, SEEK_SET, 45, 5);
	lock("b", b, F_OFD_GETLK, F_RDLCK, SEEK_SET, 41, 1);
	map_of("b", b);
	lock("a", a, F_OFD_SETLK, F_UNLCK, SEEK_SET, 0, 0);
	map_of("b", b);
	lock("a", a, F_OFD_SETLK, F_WRLCK, SEEK_SET, 60, 0);
	lock("b", b, F_OFD_GETLK, F_RDLCK, SEEK_SET, 1LL << 40, 1);
	lock("a", a, F_OFD_SETLK, F_UNLCK, SEEK_SET, 62, 0);
	lock("b", b, F_OFD_GETLK, F_RDLCK, SEEK_SET, 50, 0);
	close(a);
	map_of("b", b);
	a = open("f", O_RDWR);
	NEED(lseek(a, 4, SEEK_SET) == 4);
	lock("a", a, F_OFD_SETLK, F_WRLCK, SEEK_CUR, 1, 2);
	lock("a", a, F_OFD_SETLK, F_WRLCK, SEEK_END, -1, 2);
	lock("a", a, F_OFD_SETLK, F_WRLCK, SEEK_SET, 20, -3);
	lock("a", a, F_OFD_SETLK, F_WRLCK, SEEK_SET, 5, -6);
	lock("a", a, F_OFD_SETLK, F_WRLCK, SEEK_SET, -1, 2);
	lock("a", a, F_OFD_SETLK, F_WRLCK, SEEK_CUR, -5, 2);
	lock("a", a, F_OFD_SETLK, F_WRLCK, SEEK_SET, LLONG_MAX, 2);
	lock("a", a, F_OFD_SETLK, F_WRLCK, SEEK_SET, LLONG_MAX, 1);
	lock("a", a, F_OFD_SETLK, F_WRLCK, SEEK_CUR, LLONG_MAX, 1);
	lock("a", a, F_OFD_SETLK, F_WRLCK, 7, 0, 1);
	lock("a", a, F_OFD_SETLK, 7, SEEK_SET, 0, 1);
	map_of("b", b);
	for (int i = 0; i < 64; i += 2)
		lock("b", b, F_OFD_SETLK, F_RDLCK, SEEK_SET, i, 1);
	map_of("a", a);
	lock("b", b, F_OFD_SETLK, F_UNLCK, SEEK_SET, 11, 33);
	map_of("a", a);
}

static void posix(void)
{
	struct flock fl = {.l_type = F_RDLCK, .l_pid = 1};
	int a, b, rd, wr;

	files_put("f", "0123456789", 10);
	a = open("f", O_RDWR);
	b = open("f", O_RDWR);
	rd = open("f", O_RDONLY);
	wr = open("f", O_WRONLY);
	/* Those of one process do not get in each other's way. */
	lock("a", a, F_SETLK, F_WRLCK, SEEK_SET, 0, 10);
	lock("b", b, F_SETLK, F_WRLCK, SEEK_SET, 0, 10);
	lock("b", b, F_SETLKW, F_WRLCK, SEEK_SET, 0, 0);
	lock("b", b, F_GETLK, F_WRLCK, SEEK_SET, 0, 10);
	lock("rd", rd, F_SETLK, F_WRLCK, SEEK_SET, 0, 10);
	lock("rd", rd, F_SETLK, F_RDLCK, SEEK_SET, 0, 10);
	lock("wr", wr, F_SETLK, F_RDLCK, SEEK_SET, 0, 10);
	lock("wr", wr, F_OFD_SETLK, F_RDLCK, SEEK_SET, 0, 10);
	lock("rd", rd, F_OFD_SETLK, F_WRLCK, SEEK_SET, 0, 10);
	lock("rd", rd, F_SETLK, F_UNLCK, SEEK_SET, 0, 10);
	lock("rd", rd, F_GETLK, F_WRLCK, SEEK_SET, 3, 4);
	lock("rd", rd, F_GETLK, F_UNLCK, SEEK_SET, 3, 4);
	lock("a", a, F_SETLK, F_WRLCK, SEEK_SET, -1, 10);
	lock("a", a, F_SETLK, F_WRLCK, 9, 0, 10);
	lock("a", a, F_SETLK, 9, SEEK_SET, 0, 10);
	lock("a", a, F_SETLK, F_UNLCK, SEEK_SET, 0, 0);
	lock("none", 99, F_SETLK, F_WRLCK, SEEK_SET, 0, 0);
	lock("home", files_home, F_SETLK, F_RDLCK, SEEK_SET, 0, 0);
	DO(fcntl(a, F_OFD_SETLK, &fl));
	DO(fcntl(a, F_OFD_GETLK, &fl));
	DO(fcntl(a, F_SETLK, &fl));
	DO(lockf(a, F_LOCK, 5));
	DO(lockf(b, F_TLOCK, 5));
	DO(lockf(b, F_TEST, 5));
	DO(lockf(a, F_ULOCK, 0));
	/* flock() knows nothing of the others. */
	lock("a", a, F_OFD_SETLK, F_WRLCK, SEEK_SET, 0, 0);
	DO(flock(b, LOCK_EX | LOCK_NB));
	lock("b", b, F_OFD_SETLK, F_WRLCK, SEEK_SET, 0, 1);
}

int main(int argc, char **argv)
{
	static const struct files_case cases[] = {
		{"copies", copies}, {"flags", flags},	{"too_many", too_many},
		{"whole", whole},   {"ranges", ranges}, {"posix", posix},
		{NULL, NULL},
	};

	return files_main(argc, argv, cases);
}
