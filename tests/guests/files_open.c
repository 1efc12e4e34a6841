/* SPDX-License-Identifier: ISC */
/* open(2): every way to open every kind of thing. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files.h"

#define UNNAMED (O_TMPFILE & ~O_DIRECTORY)

static const struct {
	const char *name;
	int flag;
} bits[] = {
	{"CREAT", O_CREAT},	    {"EXCL", O_EXCL},
	{"TRUNC", O_TRUNC},	    {"NOFOLLOW", O_NOFOLLOW},
	{"DIRECTORY", O_DIRECTORY}, {"PATH", O_PATH},
	{"TMPFILE", UNNAMED},
};

static const char *const access_names[] = {"RDONLY", "WRONLY", "RDWR", "3"};

static const char *const paths[] = {
	"file",	      "file/",
	"file/.",     "file/x",
	"dir",	      "dir/",
	"dir/.",      "dir/..",
	"dir/inner",  "dir/sub/../inner",
	"dir/uplink", "link",
	"link/",      "dirlink",
	"dirlink/",   "dirlink/inner",
	"slashlink",  "slashlink/deep",
	"dangling",   "dangling/",
	"dangling/x", "loop",
	"loop/",      "loop/x",
	"none",	      "none/",
	"none/.",     "none/x",
	"dir/none",   "",
	".",	      "..",
};

static void opened(int fd)
{
	struct stat st;
	char byte;

	NEED(fstat(fd, &st) == 0);
	printf("  fd %d, flags %o, %d; mode %o, %lu links\n", fd,
	       fcntl(fd, F_GETFL), fcntl(fd, F_GETFD), st.st_mode,
	       (unsigned long)st.st_nlink);
	files_told("  read", read(fd, &byte, 1));
	files_told("  seek", lseek(fd, 0, SEEK_CUR));
	files_told("  size", ftruncate(fd, st.st_size));
	if (S_ISREG(st.st_mode))
		files_told("  write", write(fd, "!", 1));
	close(fd);
}

static void one(const char *path, int flags, const char *name)
{
	int fd;

	errno = 0;
	fd = open(path, flags, 0666);
	printf("open(\"%s\", %s) = %s\n", path, name,
	       fd < 0 ? files_error(errno) : "");
	if (fd >= 0)
		opened(fd);
	files_tree_check();
}

/* Linux's answer to these has changed over time. */
static int disputed(int flags)
{
	return !(flags & O_PATH) && (flags & O_CREAT) && (flags & O_DIRECTORY);
}

static void matrix(int access, const char *const *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		for (unsigned mask = 0; mask < 1u << COUNT(bits); mask++) {
			char name[128];
			int flags = access;

			strcpy(name, access_names[access]);
			for (size_t b = 0; b < COUNT(bits); b++) {
				if (!(mask & 1u << b))
					continue;
				strcat(strcat(name, "|"), bits[b].name);
				flags |= bits[b].flag;
			}
			if (!disputed(flags))
				one(list[i], flags, name);
		}
}

static void read_only(void)
{
	files_tree_make();
	matrix(O_RDONLY, paths, COUNT(paths));
}

static void write_only(void)
{
	files_tree_make();
	matrix(O_WRONLY, paths, COUNT(paths));
}

static void read_write(void)
{
	files_tree_make();
	matrix(O_RDWR, paths, COUNT(paths));
}

static void neither(void)
{
	files_tree_make();
	matrix(3, paths, COUNT(paths));
}

/* Flags that change what is done later, not what is opened. */
static void later(void)
{
	static const struct {
		const char *name;
		int flags;
	} list[] = {
		{"APPEND", O_APPEND},	  {"SYNC", O_SYNC},
		{"DSYNC", O_DSYNC},	  {"CLOEXEC", O_CLOEXEC},
		{"NONBLOCK", O_NONBLOCK}, {"NOATIME", O_NOATIME},
		{"NOCTTY", O_NOCTTY},	  {"ASYNC", O_ASYNC},
		{"unknown", 1 << 30},
	};
	static const char *const some[] = {"file", "dir", "link", "none"};

	files_tree_make();
	for (size_t i = 0; i < COUNT(some); i++)
		for (size_t j = 0; j < COUNT(list); j++)
			for (int access = 0; access < 4; access++) {
				char name[64];

				snprintf(name, sizeof(name), "%s|%s",
					 access_names[access], list[j].name);
				one(some[i], access | list[j].flags, name);
				one(some[i], access | list[j].flags | O_CREAT,
				    name);
			}
}

static void modes(void)
{
	static const mode_t list[] = {0,     0777,   0666,   07777, 04711,
				      01666, 040644, 010000, 02070};
	struct stat st;

	for (size_t i = 0; i < COUNT(list); i++)
		for (unsigned mask = 0; mask < 3; mask++) {
			umask(mask == 0 ? 0 : mask == 1 ? 022 : 0777);
			unlink("x");
			close(open("x", O_CREAT | O_WRONLY, list[i]));
			NEED(stat("x", &st) == 0);
			printf("open %o: %o\n", list[i], st.st_mode);
			unlink("x");
			if (mknod("x", (list[i] & 07777) | S_IFREG, 0) == 0 &&
			    stat("x", &st) == 0)
				printf("mknod %o: %o\n", list[i], st.st_mode);
			unlink("x");
			NEED(mkdir("x", list[i]) == 0);
			NEED(stat("x", &st) == 0);
			printf("mkdir %o: %o\n", list[i], st.st_mode);
			rmdir("x");
			NEED(symlink("y", "x") == 0);
			NEED(lstat("x", &st) == 0);
			printf("symlink: %o\n", st.st_mode);
		}
}

/* A file without a name, and how it gets one. */
static void nameless(void)
{
	struct stat st;
	int fd, excl;

	files_tree_make();
	fd = open("dir", O_TMPFILE | O_RDWR, 0640);
	DO(fd >= 0);
	DO(write(fd, "nameless", 8));
	NEED(fstat(fd, &st) == 0);
	printf("mode %o, %lu links, %lld bytes\n", st.st_mode,
	       (unsigned long)st.st_nlink, (long long)st.st_size);
	DO(linkat(fd, "", AT_FDCWD, "named", 0));
	DO(linkat(fd, "", AT_FDCWD, "file", AT_EMPTY_PATH));
	DO(linkat(fd, "", AT_FDCWD, "named", AT_EMPTY_PATH));
	DO(linkat(fd, "", AT_FDCWD, "again", AT_EMPTY_PATH));
	files_tree_check();
	DO(unlink("named"));
	DO(unlink("again"));
	DO(linkat(fd, "", AT_FDCWD, "too-late", AT_EMPTY_PATH));
	close(fd);
	fd = open("dir", O_TMPFILE | O_WRONLY, 0640);
	DO(linkat(fd, "", AT_FDCWD, "named", AT_EMPTY_PATH));
	DO(unlink("named"));
	DO(linkat(fd, "", AT_FDCWD, "too-late", AT_EMPTY_PATH));
	DO(fstat(fd, &st));
	DO(st.st_nlink);
	close(fd);
	excl = open("dir", O_TMPFILE | O_RDWR | O_EXCL, 0600);
	DO(excl >= 0);
	DO(linkat(excl, "", AT_FDCWD, "named", AT_EMPTY_PATH));
	close(excl);
	/* One that has lost its name does not get another. */
	fd = open("file", O_RDONLY);
	DO(unlink("file"));
	DO(linkat(fd, "", AT_FDCWD, "second", AT_EMPTY_PATH));
	DO(unlink("hard"));
	DO(unlink("second"));
	DO(linkat(fd, "", AT_FDCWD, "third", AT_EMPTY_PATH));
	close(fd);
	fd = open("other", O_PATH);
	DO(linkat(fd, "", AT_FDCWD, "by-path", AT_EMPTY_PATH));
	close(fd);
	fd = open("dir", O_RDONLY);
	DO(linkat(fd, "", AT_FDCWD, "dir2", AT_EMPTY_PATH));
	close(fd);
	files_tree_check();
}

/* What a descriptor of O_PATH is good for, and what not. */
static void path_only(void)
{
	char buffer[16];
	struct stat st;
	int fd, dir, link;

	files_tree_make();
	fd = open("file", O_PATH | O_RDWR);
	dir = open("dir", O_PATH);
	link = open("link", O_PATH | O_NOFOLLOW);
	DO(fcntl(fd, F_GETFL));
	DO(read(fd, buffer, 1));
	DO(write(fd, "x", 1));
	DO(pread(fd, buffer, 1, 0));
	DO(lseek(fd, 0, SEEK_SET));
	DO(ftruncate(fd, 0));
	DO(futimens(fd, NULL));
	DO(fsync(fd));
	DO(fcntl(fd, F_SETFL, O_APPEND));
	DO(fcntl(fd, F_SETFD, FD_CLOEXEC));
	DO(fcntl(fd, F_GETFD));
	DO(fstat(fd, &st));
	DO(S_ISREG(st.st_mode));
	DO(fstat(link, &st));
	DO(S_ISLNK(st.st_mode));
	DO(fstatat(link, "", &st, AT_EMPTY_PATH));
	DO(readlinkat(link, "", buffer, sizeof(buffer)));
	DO(readlinkat(fd, "", buffer, sizeof(buffer)));
	DO(openat(dir, "inner", O_RDONLY) >= 0);
	DO(openat(fd, "inner", O_RDONLY));
	DO(faccessat(dir, "inner", R_OK, 0));
	DO(fchdir(dir));
	DO(access("inner", F_OK));
	DO(fchdir(fd));
	DO(fchdir(link));
	DO(dup(fd) >= 0);
	files_tree_check();
}

/* Relative to a descriptor. */
static void at(void)
{
	struct stat st;
	int dir, file;

	files_tree_make();
	dir = open("dir", O_RDONLY);
	file = open("file", O_RDONLY);
	DO(openat(dir, "inner", O_RDONLY) >= 0);
	DO(openat(dir, "../file", O_RDONLY) >= 0);
	DO(openat(dir, "uplink", O_RDONLY) >= 0);
	DO(openat(dir, "", O_RDONLY));
	DO(openat(dir, "made", O_CREAT | O_WRONLY, 0600) >= 0);
	DO(openat(file, "inner", O_RDONLY));
	DO(openat(-1, "inner", O_RDONLY));
	DO(openat(999, "inner", O_RDONLY));
	DO(openat(-1, "/", O_RDONLY) >= 0);
	DO(openat(file, "/", O_RDONLY) >= 0);
	DO(openat(-1, "", O_RDONLY));
	DO(mkdirat(dir, "d", 0755));
	DO(symlinkat("x", dir, "s"));
	DO(unlinkat(dir, "d", 0));
	DO(unlinkat(dir, "d", AT_REMOVEDIR));
	DO(unlinkat(dir, "s", AT_REMOVEDIR));
	DO(unlinkat(dir, "s", 0));
	DO(unlinkat(dir, "s", 1));
	DO(renameat(dir, "inner", files_home, "moved"));
	DO(linkat(files_home, "moved", dir, "linked", 0));
	DO(fstatat(dir, "", &st, AT_EMPTY_PATH));
	DO(S_ISDIR(st.st_mode));
	DO(fstatat(file, "", &st, AT_EMPTY_PATH));
	DO(st.st_size);
	DO(fstatat(AT_FDCWD, "", &st, AT_EMPTY_PATH));
	DO(S_ISDIR(st.st_mode));
	DO(fstatat(dir, "", &st, 0));
	DO(fstatat(file, "x", &st, 0));
	DO(fstatat(-1, "x", &st, 0));
	DO(fstatat(-1, "", &st, AT_EMPTY_PATH));
	DO(fstatat(dir, "uplink", &st, AT_SYMLINK_NOFOLLOW));
	DO(S_ISLNK(st.st_mode));
	DO(fstatat(dir, "x", &st, 0x40000000));
	DO(fchmodat(dir, "made", 0444, 0));
	DO(fchownat(dir, "made", 1, 2, 0));
	DO(fchownat(dir, "uplink", 1, 2, AT_SYMLINK_NOFOLLOW));
	DO(fchownat(dir, "", 3, 4, AT_EMPTY_PATH));
	DO(fchownat(dir, "made", 1, 2, 0x40000000));
	DO(faccessat(dir, "made", W_OK, 0));
	DO(faccessat(dir, "made", 8, 0));
	files_stat("dir/made");
	files_stat("dir/uplink");
	files_stat("dir");
	files_stat("file");
	files_tree_check();
}

int main(int argc, char **argv)
{
	static const struct files_case cases[] = {
		{"read_only", read_only},
		{"write_only", write_only},
		{"read_write", read_write},
		{"neither", neither},
		{"later", later},
		{"modes", modes},
		{"nameless", nameless},
		{"path_only", path_only},
		{"at", at},
		{NULL, NULL},
	};

	return files_main(argc, argv, cases);
}
