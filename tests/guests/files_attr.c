/* SPDX-License-Identifier: ISC */
/* What is known of files: modes, owners, times, numbers of links. */
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>
#include <utime.h>

#include "files.h"

static void owners(void)
{
	static const mode_t modes[] = {0644,  04755, 02755, 06711,
				       02745, 06644, 01777};
	int fd;

	for (size_t i = 0; i < COUNT(modes); i++) {
		files_put("f", "x", 1);
		NEED(chmod("f", modes[i]) == 0);
		files_stat("f");
		DO(chown("f", 1, -1));
		files_stat("f");
		NEED(chmod("f", modes[i]) == 0);
		DO(chown("f", -1, 2));
		files_stat("f");
		NEED(chmod("f", modes[i]) == 0);
		DO(chown("f", -1, -1));
		files_stat("f");
		/* Who may do anything keeps what writing would take away. */
		NEED(chmod("f", modes[i]) == 0);
		fd = open("f", O_RDWR);
		DO(write(fd, "y", 1));
		files_stat("f");
		DO(ftruncate(fd, 0));
		files_stat("f");
		DO(fchown(fd, 65534, 65533));
		files_stat("f");
		DO(fchmod(fd, 0170000 | modes[i]));
		files_stat("f");
		close(fd);
		NEED(unlink("f") == 0);
		NEED(mkdir("d", 0755) == 0);
		NEED(chmod("d", modes[i]) == 0);
		DO(chown("d", 3, 4));
		files_stat("d");
		NEED(rmdir("d") == 0);
	}
	NEED(symlink("none", "l") == 0);
	DO(chown("l", 1, 1));
	DO(lchown("l", 1, 1));
	files_stat("l");
	DO(chmod("l", 0600));
	DO(fchown(-1, 0, 0));
	DO(fchmod(-1, 0));
}

/* What is made in a directory belongs to its group, if that says so. */
static void inherited(void)
{
	NEED(mkdir("d", 0755) == 0);
	NEED(chown("d", 7, 8) == 0);
	files_put("d/plain", "", 0);
	NEED(chmod("d", 02775) == 0);
	close(open("d/file", O_CREAT | O_WRONLY, 02770));
	close(open("d/runs", O_CREAT | O_WRONLY, 06711));
	NEED(mkdir("d/dir", 0700) == 0);
	NEED(mkdir("d/dir/dir", 0700) == 0);
	NEED(symlink("x", "d/link") == 0);
	NEED(mkfifo("d/fifo", 0600) == 0);
	files_put("f", "", 0);
	NEED(link("f", "d/linked") == 0);
	NEED(rename("f", "d/moved") == 0);
	files_stat("d");
	files_stat("d/plain");
	files_stat("d/file");
	files_stat("d/runs");
	files_stat("d/dir");
	files_stat("d/dir/dir");
	files_stat("d/link");
	files_stat("d/fifo");
	files_stat("d/linked");
	files_stat("d/moved");
}

static void links_of(const char *path)
{
	struct stat st;

	NEED(lstat(path, &st) == 0);
	printf("  %s %lu", path, (unsigned long)st.st_nlink);
}

static void link_counts(void)
{
	struct stat a, b;

	NEED(mkdir("d", 0755) == 0);
	links_of("d");
	NEED(mkdir("d/1", 0755) == 0 && mkdir("d/2", 0755) == 0);
	links_of("d");
	files_put("d/f", "", 0);
	links_of("d");
	NEED(rename("d/1", "d/2/1") == 0);
	links_of("d");
	links_of("d/2");
	NEED(rename("d/2/1", "1") == 0);
	links_of("d/2");
	links_of(".");
	NEED(rename("d/2", "1") == 0);
	links_of("d");
	links_of(".");
	NEED(rmdir("1") == 0);
	links_of(".");
	puts("");
	files_put("f", "", 0);
	NEED(link("f", "g") == 0 && link("g", "d/h") == 0);
	links_of("f");
	NEED(stat("f", &a) == 0 && stat("d/h", &b) == 0);
	DO(a.st_ino == b.st_ino && a.st_dev == b.st_dev);
	NEED(rename("f", "d/h") == 0); /* the same file: nothing happens */
	links_of("f");
	NEED(unlink("g") == 0);
	links_of("f");
	files_put("over", "", 0);
	NEED(rename("over", "f") == 0);
	links_of("f");
	links_of("d/h");
	puts("");
	NEED(stat("d", &a) == 0 && stat("d/.", &b) == 0);
	DO(a.st_ino == b.st_ino);
	NEED(stat("d/..", &a) == 0 && stat(".", &b) == 0);
	DO(a.st_ino == b.st_ino);
	NEED(mkdir("e", 0755) == 0 && mkdir("d/sub", 0755) == 0);
	NEED(rename("d/sub", "e/sub") == 0);
	NEED(stat("e/sub/..", &a) == 0 && stat("e", &b) == 0);
	DO(a.st_ino == b.st_ino);
}

static void show_times(const char *path)
{
	struct stat st;

	NEED(lstat(path, &st) == 0);
	printf("  %s %lld.%09ld %lld.%09ld\n", path, (long long)st.st_atime,
	       st.st_atim.tv_nsec, (long long)st.st_mtime, st.st_mtim.tv_nsec);
}

static int is_now(struct timespec t)
{
	struct timespec now;

	NEED(clock_gettime(CLOCK_REALTIME, &now) == 0);
	return now.tv_sec - t.tv_sec < 100 && now.tv_sec - t.tv_sec > -100;
}

static void set_times(void)
{
	struct timespec t[2] = {{1000000000, 123456789}, {-1, 999999999}};
	struct timeval v[2] = {{77, 654321}, {88, 123456}};
	struct utimbuf u = {5, 6};
	struct stat st;
	int fd;

	files_put("f", "x", 1);
	NEED(symlink("f", "l") == 0);
	DO(utimensat(AT_FDCWD, "f", t, 0));
	show_times("f");
	t[0] = (struct timespec){4102444800, 1}; /* 2100 */
	t[1] = (struct timespec){2147483648, 5};
	DO(utimensat(AT_FDCWD, "l", t, AT_SYMLINK_NOFOLLOW));
	show_times("f");
	show_times("l");
	t[0].tv_nsec = UTIME_OMIT;
	t[1] = (struct timespec){12, 13};
	DO(utimensat(AT_FDCWD, "l", t, 0));
	show_times("f");
	t[0] = (struct timespec){14, 15};
	t[1].tv_nsec = UTIME_OMIT;
	DO(utimensat(AT_FDCWD, "f", t, 0));
	show_times("f");
	t[0].tv_nsec = UTIME_OMIT;
	DO(utimensat(AT_FDCWD, "f", t, 0));
	DO(utimensat(AT_FDCWD, "none", t, 0));
	show_times("f");
	t[0].tv_nsec = UTIME_NOW;
	DO(utimensat(AT_FDCWD, "f", t, 0));
	NEED(stat("f", &st) == 0);
	DO(is_now(st.st_atim));
	DO(st.st_mtime);
	t[0] = (struct timespec){1, 1};
	t[1].tv_nsec = UTIME_NOW;
	DO(utimensat(AT_FDCWD, "f", t, 0));
	NEED(stat("f", &st) == 0);
	DO(st.st_atime);
	DO(is_now(st.st_mtim));
	t[1].tv_nsec = 1000000000;
	DO(utimensat(AT_FDCWD, "f", t, 0));
	t[1].tv_nsec = -1;
	DO(utimensat(AT_FDCWD, "f", t, 0));
	t[1].tv_nsec = 0;
	DO(utimensat(AT_FDCWD, "none", t, 0));
	DO(utimensat(AT_FDCWD, "f", t, 1));
	DO(utimensat(AT_FDCWD, "", t, 0));
	DO(utimensat(99, "f", t, 0));
	fd = open("f", O_RDONLY);
	DO(futimens(fd, t));
	show_times("f");
	DO(futimens(fd, NULL));
	NEED(stat("f", &st) == 0);
	DO(is_now(st.st_atim) && is_now(st.st_mtim));
	DO(futimens(-1, t));
	DO(utimes("f", v));
	show_times("f");
	DO(utime("f", &u));
	show_times("f");
	DO(futimes(fd, v));
	show_times("f");
	DO(lutimes("l", v));
	show_times("l");
}

/* Times after something was done to a file: which of them are new. */
static const struct timespec old[2] = {{1000, 1}, {2000, 2}};
static struct timespec began;

static void watch(const char *path)
{
	NEED(utimensat(AT_FDCWD, path, old, AT_SYMLINK_NOFOLLOW) == 0);
}

static void changed(const char *what, const char *path)
{
	struct stat st;

	NEED(lstat(path, &st) == 0);
	printf("%s: %s:%s%s%s\n", what, path,
	       st.st_atime == old[0].tv_sec ? "" : " atime",
	       st.st_mtime == old[1].tv_sec ? "" : " mtime",
	       st.st_ctim.tv_sec > began.tv_sec ||
			       (st.st_ctim.tv_sec == began.tv_sec &&
				st.st_ctim.tv_nsec > began.tv_nsec)
		       ? " ctime"
		       : "");
}

/* One file for each thing that can be done to one, numbered. */
#define FILES 32

static char *file_name(int i)
{
	static char name[4][16];
	static unsigned next;
	char *to = name[next++ % 4];

	snprintf(to, sizeof(name[0]), "f%d", i);
	return to;
}

static void do_to_file(int i)
{
	int fd = open(file_name(i), O_RDWR);
	char byte, name[32];
	struct stat st;
	void *map;

	NEED(fd >= 0);
	snprintf(name, sizeof(name), "n%d", i);
	switch (i) {
	case 1:
		NEED(read(fd, &byte, 1) == 1);
		break;
	case 4:
		NEED(write(fd, "x", 1) == 1);
		break;
	case 5:
		NEED(write(fd, "x", 0) == 0);
		break;
	case 6:
		NEED(ftruncate(fd, 3) == 0);
		break;
	case 7:
		NEED(ftruncate(fd, 10) == 0); /* the size it has */
		break;
	case 8:
		NEED(truncate(file_name(i), 10) == 0);
		break;
	case 9:
		close(open(file_name(i), O_WRONLY | O_TRUNC));
		break;
	case 10:
		NEED(fchmod(fd, 0600) == 0);
		break;
	case 11:
		NEED(fchmod(fd, 0644) == 0); /* the mode it has */
		break;
	case 12:
		NEED(fchown(fd, 1, 1) == 0);
		break;
	case 13:
		NEED(fchown(fd, -1, -1) == 0);
		break;
	case 14:
		NEED(link(file_name(i), name) == 0);
		break;
	case 15:
		NEED(rename(file_name(i), name) == 0);
		NEED(rename(name, file_name(i)) == 0);
		break;
	case 16:
		NEED(link(file_name(i), name) == 0);
		NEED(unlink(name) == 0);
		break;
	case 17:
		NEED(fstat(fd, &st) == 0 && access(file_name(i), R_OK) == 0);
		break;
	case 18:
		NEED(fsync(fd) == 0);
		break;
	case 19:
		NEED(lseek(fd, 0, SEEK_END) == 10);
		break;
	case 20:
		close(open(file_name(i), O_RDWR | O_CREAT, 0600));
		break;
	case 21:
		NEED(fallocate(fd, 0, 0, 100) == 0);
		break;
	case 22:
		NEED(fallocate(fd, 3, 0, 4096) == 0);
		break;
	case 23:
		map = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
			   0);
		NEED(map != MAP_FAILED);
		*(volatile char *)map = 'm';
		NEED(msync(map, 4096, MS_SYNC) == 0);
		NEED(munmap(map, 4096) == 0);
		break;
	default:
		break;
	}
	close(fd);
}

static void do_to_dirs(void)
{
	int fd;

	close(open("d1/new", O_CREAT | O_WRONLY, 0644));
	NEED(mkdir("d2/new", 0755) == 0);
	NEED(unlink("d3/f") == 0);
	NEED(rmdir("d4/d") == 0);
	NEED(rename("d5/f", "d5/g") == 0);
	NEED(rename("d6/f", "d7/g") == 0);
	NEED(link("d8/f", "d8/g") == 0);
	NEED(symlink("x", "d9/l") == 0);
	NEED(chmod("d10", 0700) == 0);
	fd = open("d11/f", O_WRONLY);
	NEED(write(fd, "x", 1) == 1);
	close(fd);
	NEED(rename("d12/d", "d13/d") == 0);
	NEED(rename("d14/f", "d14/over") == 0);
	NEED(mkdir("d15/f", 0755) == -1);
	NEED(unlink("d16/none") == -1);
	NEED(rename("d17/f", "d17/f") == 0);
}

static void new_times(void)
{
	const struct timespec pause = {0, 30000000};
	char name[64];

	for (int i = 0; i < FILES; i++) {
		files_put(file_name(i), "0123456789", 10);
		watch(file_name(i));
	}
	for (int i = 1; i <= 17; i++) {
		snprintf(name, sizeof(name), "d%d", i);
		NEED(mkdir(name, 0755) == 0);
		snprintf(name, sizeof(name), "d%d/f", i);
		files_put(name, "", 0);
		snprintf(name, sizeof(name), "d%d/over", i);
		files_put(name, "", 0);
		snprintf(name, sizeof(name), "d%d/d", i);
		NEED(mkdir(name, 0755) == 0);
		watch(name);
		snprintf(name, sizeof(name), "d%d/f", i);
		watch(name);
		snprintf(name, sizeof(name), "d%d", i);
		watch(name);
	}
	NEED(symlink("f0", "l") == 0);
	watch("l");
	/* Linux's clock for this moves by some milliseconds at a time. */
	NEED(nanosleep(&pause, NULL) == 0);
	NEED(clock_gettime(CLOCK_REALTIME, &began) == 0);
	NEED(nanosleep(&pause, NULL) == 0);
	for (int i = 0; i < FILES; i++)
		do_to_file(i);
	do_to_dirs();
	NEED(lchown("l", 1, 1) == 0);
	for (int i = 0; i < FILES; i++) {
		snprintf(name, sizeof(name), "%d", i);
		changed(name, file_name(i));
	}
	for (int i = 1; i <= 17; i++) {
		snprintf(name, sizeof(name), "d%d", i);
		changed("dirs", name);
	}
	changed("dirs", "d5/g");
	changed("dirs", "d7/g");
	changed("dirs", "d8/f");
	changed("dirs", "d13/d");
	changed("dirs", "d14/over");
	changed("link", "l");
}

static void atime_of(const char *path)
{
	struct stat st;

	NEED(stat(path, &st) == 0);
	printf("  %s atime is %s\n", path,
	       st.st_atime == old[0].tv_sec	   ? "old"
	       : is_now(st.st_atim)		   ? "now"
	       : st.st_atime == old[1].tv_sec + 10 ? "later"
						   : "other");
}

/* As mount(8) has it for "relatime". */
static void access_times(void)
{
	const struct timespec later[2] = {{2010, 0}, {2000, 2}};
	char byte;
	int fd;

	files_put("f", "x", 1);
	NEED(utimensat(AT_FDCWD, "f", old, 0) == 0);
	fd = open("f", O_RDONLY | O_NOATIME);
	NEED(read(fd, &byte, 1) == 1);
	atime_of("f");
	close(fd);
	fd = open("f", O_RDONLY);
	NEED(read(fd, &byte, 1) == 1);
	atime_of("f");
	NEED(utimensat(AT_FDCWD, "f", later, 0) == 0);
	NEED(pread(fd, &byte, 1, 0) == 1);
	atime_of("f"); /* a day old */
	close(fd);
}

static void accessing(void)
{
	static const mode_t modes[] = {0, 0444, 0222, 0111, 0100, 0001, 0777};

	for (size_t i = 0; i < COUNT(modes); i++) {
		char name[32];

		snprintf(name, sizeof(name), "f%o", modes[i]);
		files_put(name, "", 0);
		NEED(chmod(name, modes[i]) == 0);
		printf("%s\n", name);
		DO(access(name, R_OK | W_OK));
		DO(access(name, X_OK));
		DO(access(name, X_OK | R_OK));
		DO(open(name, O_RDWR) >= 0);
		DO(faccessat(AT_FDCWD, name, X_OK, AT_EACCESS));
		snprintf(name, sizeof(name), "d%o", modes[i]);
		NEED(mkdir(name, 0755) == 0);
		NEED(chmod(name, modes[i]) == 0);
		DO(access(name, X_OK));
		DO(chdir(name));
		DO(fchdir(files_home));
	}
	DO(access("f0", 16));
	DO(access("f0", -1));
}

static void masks(void)
{
	DO(umask(077));
	DO(umask(07777));
	DO(umask(022));
}

static void file_system(void)
{
	struct statfs a, b;
	int fd = open(".", O_RDONLY);

	DO(statfs(".", &a));
	DO(fstatfs(fd, &b));
	DO(a.f_type == b.f_type && a.f_blocks == b.f_blocks);
	DO(a.f_namelen);
	DO(a.f_bsize > 0 && a.f_blocks > 0);
	DO(a.f_bfree <= a.f_blocks && a.f_bavail <= a.f_bfree);
	DO(a.f_files > 0 && a.f_ffree < a.f_files);
	DO(a.f_flags & 1);
	DO(fstatfs(-1, &a));
	DO(pathconf(".", _PC_NAME_MAX));
	DO(fpathconf(fd, _PC_PATH_MAX));
}

int main(int argc, char **argv)
{
	static const struct files_case cases[] = {
		{"owners", owners},	      {"inherited", inherited},
		{"link_counts", link_counts}, {"set_times", set_times},
		{"new_times", new_times},     {"access_times", access_times},
		{"accessing", accessing},     {"masks", masks},
		{"file_system", file_system}, {NULL, NULL},
	};

	return files_main(argc, argv, cases);
}
