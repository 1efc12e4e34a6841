/* SPDX-License-Identifier: ISC */
/* Directories: read, changed while they are read, large, deep, and the one a
 * program works in. */
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "files.h"

#define BIG 5000

/* Whether each of BIG names was seen, and how often. */
static unsigned seen[BIG];
static unsigned strange;

static char *name_of(int i)
{
	static char name[64];

	snprintf(name, sizeof(name), "entry-%d", i);
	return name;
}

static void see(const char *name)
{
	int i;

	if (!strcmp(name, ".") || !strcmp(name, ".."))
		return;
	if (sscanf(name, "entry-%d", &i) == 1 && i >= 0 && i < BIG)
		seen[i]++;
	else
		strange++;
}

/* Says how many of [from, to) were seen not at all, once and more often. */
static void tell_seen(const char *what, int from, int to)
{
	unsigned count[3] = {0};

	for (int i = from; i < to; i++)
		count[seen[i] > 2 ? 2 : seen[i]]++;
	printf("%s: %u never, %u once, %u more often, %u strange\n", what,
	       count[0], count[1], count[2], strange);
}

static void forget_seen(void)
{
	memset(seen, 0, sizeof(seen));
	strange = 0;
}

static void make(int from, int to)
{
	for (int i = from; i < to; i++)
		files_put(name_of(i), "", 0);
}

static DIR *open_dir(const char *path)
{
	DIR *d = opendir(path);

	NEED(d);
	return d;
}

/* Reads so many entries, or all where that is negative. */
static void read_some(DIR *d, int count)
{
	struct dirent *e;

	while (count-- && (errno = 0, e = readdir(d)))
		see(e->d_name);
	NEED(!errno);
}

static void listing(void)
{
	struct dirent *e;
	struct stat st;
	DIR *d;

	files_tree_make();
	d = open_dir(".");
	while ((e = readdir(d))) {
		NEED(lstat(e->d_name, &st) == 0);
		if (e->d_ino != st.st_ino)
			printf("%s: another inode\n", e->d_name);
		if (e->d_type != (st.st_mode & S_IFMT) >> 12)
			printf("%s: another type\n", e->d_name);
		if (e->d_reclen <
		    offsetof(struct dirent, d_name) + strlen(e->d_name) + 1)
			printf("%s: short\n", e->d_name);
	}
	closedir(d);
	files_tree_show();
	d = open_dir("empty");
	for (int n = 0; n < 2; n++) {
		int dots = 0;

		while ((e = readdir(d)))
			dots += !strcmp(e->d_name, n ? "." : "..");
		DO(dots);
		rewinddir(d);
	}
	closedir(d);
}

static void changing(void)
{
	DIR *d;

	make(0, 300);
	d = open_dir(".");
	read_some(d, 50);
	make(300, 400);
	for (int i = 0; i < 100; i++)
		NEED(unlink(name_of(i)) == 0);
	read_some(d, -1);
	tell_seen("stayed", 100, 300);
	for (int i = 0; i < 100; i++)
		NEED(seen[i] <= 1);
	for (int i = 300; i < 400; i++)
		NEED(seen[i] <= 1);
	forget_seen();
	rewinddir(d);
	read_some(d, -1);
	tell_seen("gone", 0, 100);
	tell_seen("there", 100, 400);
	/* At the end, what is made is not seen twice afterwards. */
	make(0, 10);
	read_some(d, -1);
	tell_seen("there", 100, 400);
	forget_seen();
	/* Removing what is read is how trees are removed. */
	rewinddir(d);
	for (struct dirent *e; (e = readdir(d));)
		if (e->d_name[0] != '.')
			NEED(unlink(e->d_name) == 0);
	rewinddir(d);
	read_some(d, -1);
	tell_seen("all", 0, 400);
	closedir(d);
	/* Renaming while reading loses nobody else. */
	make(0, 200);
	d = open_dir(".");
	for (int i = 0; i < 200; i += 2) {
		char to[64];

		read_some(d, 1);
		snprintf(to, sizeof(to), "other-%d", i);
		NEED(rename(name_of(i), to) == 0);
	}
	read_some(d, -1);
	for (int i = 1; i < 200; i += 2)
		NEED(seen[i] == 1);
	closedir(d);
}

static void positions(void)
{
	enum { N = 200 };
	static char name[N + 2][32];
	static long at[N + 2];
	struct dirent *e;
	int n = 0, wrong = 0;
	DIR *d;

	make(0, N);
	d = open_dir(".");
	for (;;) {
		NEED(n < N + 2 || !(e = readdir(d)));
		if (n == N + 2)
			break;
		at[n] = telldir(d);
		e = readdir(d);
		NEED(e);
		strcpy(name[n++], e->d_name);
	}
	DO(n);
	for (int i = 0; i < 1000; i++) {
		int k = (int)files_random(N + 2);

		seekdir(d, at[k]);
		e = readdir(d);
		wrong += !e || strcmp(e->d_name, name[k]) != 0;
	}
	DO(wrong);
	/* Places stay good when others are removed. */
	for (int i = 0; i < N; i += 2)
		NEED(unlink(name_of(i)) == 0);
	for (int k = 0; k < N + 2; k++) {
		struct stat st;

		if (lstat(name[k], &st))
			continue;
		seekdir(d, at[k]);
		e = readdir(d);
		wrong += !e || strcmp(e->d_name, name[k]) != 0;
	}
	DO(wrong);
	closedir(d);
	DO(telldir(open_dir("/")));
}

static void raw(void)
{
	char buffer[1024];
	int fd;

	make(0, 10);
	fd = open(".", O_RDONLY);
	DO(syscall(SYS_getdents64, fd, buffer, 10));
	DO(syscall(SYS_getdents64, fd, buffer, 0));
	DO(syscall(SYS_getdents64, fd, buffer, sizeof(buffer)) > 0);
	DO(lseek(fd, 0, SEEK_SET));
	DO(syscall(SYS_getdents64, fd, buffer, sizeof(buffer)) > 0);
	while (syscall(SYS_getdents64, fd, buffer, 40) > 0)
		;
	DO(syscall(SYS_getdents64, fd, buffer, sizeof(buffer)));
	DO(syscall(SYS_getdents64, fd, buffer, 0));
	DO(syscall(SYS_getdents64, -1, buffer, sizeof(buffer)));
	DO(syscall(SYS_getdents64, open(name_of(1), O_RDONLY), buffer,
		   sizeof(buffer)));
	DO(syscall(SYS_getdents64, open(".", O_PATH), buffer, sizeof(buffer)));
}

/* FNV-1a, so that many names can be had that end in the same bits of it. */
static uint64_t hash(const char *name)
{
	return files_digest(0, name, strlen(name));
}

static void big(void)
{
	char name[256], first[256];
	struct stat st;
	int made = 0;
	DIR *d;

	NEED(mkdir("big", 0755) == 0 && chdir("big") == 0);
	make(0, BIG);
	d = open_dir(".");
	read_some(d, -1);
	tell_seen("all", 0, BIG);
	closedir(d);
	for (int i = 0; i < BIG; i++)
		NEED(lstat(name_of(i), &st) == 0);
	DO(lstat(name_of(BIG), &st));
	for (int i = 0; i < BIG; i += 3) {
		snprintf(name, sizeof(name), "entry-%d", i);
		NEED(rename(name, "moving") == 0);
		NEED(rename("moving", name) == 0);
	}
	for (int i = 1; i < BIG; i += 2)
		NEED(unlink(name_of(i)) == 0);
	DO(rmdir("../big"));
	forget_seen();
	d = open_dir(".");
	read_some(d, -1);
	closedir(d);
	tell_seen("all", 0, BIG);
	for (int i = 0; i < BIG; i += 2)
		NEED(unlink(name_of(i)) == 0);
	/* Names that share a hash, and names of 255 bytes. */
	for (int i = 0; made < 40; i++) {
		snprintf(name, sizeof(name), "%d", i);
		if ((hash(name) & 4095) != 77)
			continue;
		files_put(name, name, strlen(name));
		made++;
	}
	memset(name, 'a', 255);
	name[255] = '\0';
	for (int i = 0; i < 300; i++) {
		name[i % 255]++;
		files_put(name, "", 0);
		if (i == 77)
			strcpy(first, name);
	}
	DO(open(first, O_CREAT | O_EXCL, 0644));
	DO(mkdir(first, 0755));
	DO(unlink(first));
	DO(unlink(first));
	made = 0;
	d = open_dir(".");
	for (struct dirent *e; (e = readdir(d));)
		made++;
	closedir(d);
	DO(made);
	DO(chdir(".."));
}

static void go_down(const char *name, int levels)
{
	for (int i = 0; i < levels; i++) {
		NEED(mkdir(name, 0755) == 0);
		NEED(chdir(name) == 0);
	}
}

static void deep(void)
{
	static char path[PATH_MAX], name[201], wd[2 * PATH_MAX];
	struct stat a, b;
	size_t top;

	NEED(getcwd(path, sizeof(path)));
	top = strlen(path);
	go_down("d", 1000);
	NEED(getcwd(path, sizeof(path)));
	DO(strlen(path) - top);
	DO(getcwd(wd, 1000) == NULL);
	DO(errno);
	DO(chdir(path));
	files_put("bottom", "x", 1);
	NEED(fchdir(files_home) == 0);
	strcat(path, "/bottom");
	files_show(path);
	/* Longer than a path can be. */
	memset(name, 'n', 200);
	go_down(name, 30);
	files_put("bottom", "y", 1);
	DO(getcwd(wd, sizeof(wd)) == NULL);
	DO(errno == ENAMETOOLONG || errno == ERANGE);
	NEED(stat(".", &a) == 0);
	for (int i = 0; i < 30; i++)
		NEED(chdir("..") == 0);
	NEED(stat(".", &b) == 0 && stat("/tmp", &a) == 0);
	NEED(fchdir(files_home) == 0 && stat(".", &a) == 0);
	DO(a.st_ino == b.st_ino);
	for (int i = 0; i < 30; i++)
		NEED(chdir(name) == 0);
	DO(unlink("bottom"));
	for (int i = 0; i < 30; i++)
		NEED(chdir("..") == 0 && rmdir(name) == 0);
	DO(rmdir(name));
}

/* Links to links: 40 are followed. */
static void chain(int links, const char *end)
{
	char from[32], to[32];

	for (int i = 0; i < links; i++) {
		snprintf(from, sizeof(from), "%s%d", end, i);
		snprintf(to, sizeof(to), "%s%d", end, i + 1);
		NEED(symlink(i + 1 < links ? to : end, from) == 0);
	}
}

static void link_chains(void)
{
	char path[PATH_MAX] = "";
	struct stat st;

	files_put("file", "end", 3);
	NEED(mkdir("dir", 0755) == 0);
	files_put("dir/in", "in", 2);
	chain(45, "file");
	chain(45, "dir");
	for (int i = 0; i < 8; i++) {
		snprintf(path, sizeof(path), "file%d", i);
		DO(stat(path, &st));
		DO(open(path, O_RDONLY) >= 0);
		DO(lstat(path, &st));
		snprintf(path, sizeof(path), "dir%d/in", i);
		DO(stat(path, &st));
		snprintf(path, sizeof(path), "dir%d/", i);
		DO(lstat(path, &st));
		DO(open(path, O_RDONLY | O_DIRECTORY) >= 0);
		DO(chdir(path));
		NEED(fchdir(files_home) == 0);
	}
	DO(readlink("file0", path, 3));
	/* Forty along the way, each only once. */
	NEED(symlink(".", "here") == 0);
	path[0] = '\0';
	for (int i = 0; i < 40; i++)
		strcat(path, "here/");
	strcat(path, "file");
	DO(stat(path, &st));
	path[0] = '\0';
	for (int i = 0; i < 41; i++)
		strcat(path, "here/");
	strcat(path, "file");
	DO(stat(path, &st));
	NEED(symlink("/tmp/../tmp/.", "absolute") == 0);
	DO(stat("absolute/", &st));
	NEED(symlink("dir//../dir/./in", "odd") == 0);
	files_show("odd");
	for (size_t n = 55; n < 70; n++) { /* where ext4 keeps it changes */
		char target[80], got[80];

		memset(target, 't', n);
		target[n] = '\0';
		NEED(symlink(target, "t") == 0);
		NEED(readlink("t", got, sizeof(got)) == (ssize_t)n);
		NEED(!memcmp(got, target, n));
		NEED(unlink("t") == 0);
	}
	DO(readlink("file0", path, 0));
	DO(symlink("", "empty"));
}

/* What a link says may be as long as a path, or as a block of the disk. */
static void long_links(void)
{
	char path[PATH_MAX], next[32];
	struct stat st;

	memset(path, '/', sizeof(path) - 1);
	path[PATH_MAX - 1] = '\0';
	memcpy(path + PATH_MAX - 4, "tmp", 3);
	DO(symlink(path, "long"));
	DO(stat("long", &st));
	DO(lstat("long", &st));
	DO(st.st_size);
	DO(readlink("long", path, sizeof(path)));
	DO(stat("long/none", &st));
	DO(stat("long/../tmp/", &st));
	/* One after the other, each as long. */
	for (int i = 0; i < 10; i++) {
		snprintf(next, sizeof(next), "/x%d", i + 1);
		for (size_t at = 0; at + 1 < sizeof(path); at += 2)
			memcpy(path + at, "./", 2);
		strcpy(path + sizeof(path) - 1 - strlen(next), next);
		snprintf(next, sizeof(next), "x%d", i);
		NEED(symlink(path, next) == 0);
	}
	files_put("x10", "end", 3);
	files_show("x0");
	DO(unlink("x5"));
	DO(open("x0", O_RDONLY));
}

/* The working directory, below the one the case began in. */
static void where(void)
{
	char now[PATH_MAX], top[PATH_MAX];
	int here = open(".", O_RDONLY);

	errno = 0;
	if (!getcwd(now, sizeof(now))) {
		printf("  cwd: %s\n", files_error(errno));
		return;
	}
	NEED(fchdir(files_home) == 0 && getcwd(top, sizeof(top)));
	NEED(fchdir(here) == 0);
	close(here);
	printf("  cwd: %s\n",
	       strncmp(now, top, strlen(top)) ? now : now + strlen(top));
}

static void working(void)
{
	char small[4];
	int fd;

	files_tree_make();
	DO(chdir("dir"));
	where();
	DO(access("inner", F_OK));
	DO(chdir("sub/../sub"));
	where();
	DO(chdir("../.."));
	DO(chdir("dirlink"));
	where();
	DO(chdir(".."));
	where();
	DO(chdir("slashlink"));
	where();
	DO(chdir(".."));
	where();
	/* It follows a directory that is moved. */
	DO(chdir("sub"));
	DO(rename("../../dir", "../../moved"));
	where();
	DO(rename("../../moved", "../../dir"));
	DO(chdir("file"));
	DO(chdir(""));
	DO(fchdir(-1));
	fd = open("deep", O_RDONLY);
	DO(fchdir(fd));
	DO(getcwd(small, sizeof(small)) == NULL);
	DO(errno);
	DO(getcwd(small, 0) == NULL);
	DO(errno);
	DO(chdir("/"));
	DO(getcwd(small, sizeof(small)) == small);
	printf("  %s\n", small);
	DO(chdir(".."));
	DO(getcwd(small, 2) == small);
	DO(getcwd(small, 1) == NULL);
	DO(chdir("/../../."));
	DO(getcwd(small, sizeof(small)) == small);
	DO(access("tmp/../tmp/./..//tmp", F_OK));
}

/* In a directory that is no longer there. */
static void removed(void)
{
	struct stat st;
	int dir;
	DIR *d;

	NEED(mkdir("gone", 0755) == 0);
	NEED(chdir("gone") == 0);
	dir = open(".", O_RDONLY);
	d = open_dir(".");
	NEED(rmdir("../gone") == 0);
	where();
	DO(open("file", O_CREAT | O_WRONLY, 0644));
	DO(mkdir("dir", 0755));
	DO(symlink("x", "link"));
	DO(mkfifo("fifo", 0600));
	DO(access("none", F_OK));
	DO(unlink("none"));
	DO(stat(".", &st));
	DO(st.st_nlink);
	DO(open(".", O_RDONLY) >= 0);
	DO(readdir(d) == NULL);
	DO(fstat(dir, &st));
	DO(openat(dir, "file", O_CREAT | O_WRONLY, 0644));
	DO(rmdir("."));
	DO(chdir("."));
	DO(chmod(".", 0700));
	DO(rename(".", "x"));
	NEED(fchdir(files_home) == 0);
	files_put("file", "", 0);
	DO(renameat(files_home, "file", dir, "moved"));
	DO(linkat(files_home, "file", dir, "linked", 0));
	DO(fchdir(dir));
	where();
	NEED(fchdir(files_home) == 0);
	/* The name may be used again at once. */
	DO(mkdir("gone", 0755));
	DO(fchdir(dir));
	where();
	NEED(fchdir(files_home) == 0);
	DO(rmdir("gone"));
}

int main(int argc, char **argv)
{
	static const struct files_case cases[] = {
		{"listing", listing},
		{"changing", changing},
		{"positions", positions},
		{"raw", raw},
		{"big", big},
		{"deep", deep},
		{"link_chains", link_chains},
		{"long_links", long_links},
		{"working", working},
		{"removed", removed},
		{NULL, NULL},
	};

	return files_main(argc, argv, cases);
}
