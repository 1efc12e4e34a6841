/* SPDX-License-Identifier: ISC */
/* Files and trees at random, but the same everywhere: thousands of steps. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "files.h"

#define PAGE	 4096
#define MOST	 (256 * 1024)
#define STEPS	 5000
#define WINDOW	 (64 * 1024) /* is mapped all the time */
#define PUNCH	 3
#define ZERO	 16
#define KEEPSIZE 1

/* What the file has to be, and what it is. */
static char want[MOST], got[MOST];
static size_t size;
static int fd;
static char *window;

static void wrong(unsigned step, const char *what, size_t at)
{
	printf("step %u, %s: byte %zu of %zu is %d, not %d\n", step, what, at,
	       size, got[at], want[at]);
	exit(1);
}

static void compare(unsigned step, const char *what, size_t at, size_t bytes)
{
	for (size_t i = at; i < at + bytes; i++)
		if (got[i] != want[i])
			wrong(step, what, i);
}

static void check_all(unsigned step)
{
	struct stat st;

	NEED(fstat(fd, &st) == 0);
	if ((size_t)st.st_size != size) {
		printf("step %u: size %lld, not %zu\n", step,
		       (long long)st.st_size, size);
		exit(1);
	}
	NEED(pread(fd, got, sizeof(got), 0) == (ssize_t)size);
	compare(step, "read", 0, size);
	for (size_t i = 0; i < size && i < WINDOW; i++) {
		got[i] = window[i];
		if (got[i] != want[i])
			wrong(step, "window", i);
	}
}

static void fill(char *to, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		to[i] = (char)files_random(256);
}

static void grow_to(size_t end)
{
	if (end > size)
		size = end;
}

static void do_read(unsigned step, size_t at, size_t bytes)
{
	size_t there = at < size ? size - at : 0;

	there = there < bytes ? there : bytes;
	memset(got + at, '#', bytes);
	NEED(pread(fd, got + at, bytes, (off_t)at) == (ssize_t)there);
	compare(step, "pread", at, there);
}

static void do_write(size_t at, size_t bytes)
{
	fill(want + at, bytes);
	if (files_random(2)) {
		NEED(pwrite(fd, want + at, bytes, (off_t)at) == (ssize_t)bytes);
	} else {
		NEED(lseek(fd, (off_t)at, SEEK_SET) == (off_t)at);
		NEED(write(fd, want + at, bytes) == (ssize_t)bytes);
	}
	if (bytes)
		grow_to(at + bytes);
}

static void do_truncate(size_t to)
{
	NEED(ftruncate(fd, (off_t)to) == 0);
	if (to < size)
		memset(want + to, 0, size - to);
	size = to;
}

static void do_map(unsigned step, size_t at, size_t bytes, int writes)
{
	size_t first = at / PAGE * PAGE;
	char *p;

	if (at >= size)
		return;
	if (bytes > size - at)
		bytes = size - at;
	/* A second mapping of a part of the window is that part of it. */
	if (first < WINDOW && at + bytes > WINDOW)
		return;
	if (!bytes)
		return;
	p = mmap(NULL, at - first + bytes, PROT_READ | PROT_WRITE, MAP_SHARED,
		 fd, (off_t)first);
	NEED(p != MAP_FAILED);
	memcpy(got + at, p + (at - first), bytes);
	compare(step, "mapped", at, bytes);
	if (writes) {
		fill(want + at, bytes);
		memcpy(p + (at - first), want + at, bytes);
	}
	if (!files_random(4))
		NEED(msync(p, at - first + bytes, MS_SYNC) == 0);
	NEED(munmap(p, at - first + bytes) == 0);
}

static void do_private(unsigned step, size_t at, size_t bytes)
{
	size_t first = at / PAGE * PAGE;
	char *p;

	if (at >= size)
		return;
	if (bytes > size - at)
		bytes = size - at;
	p = mmap(NULL, at - first + bytes + 1, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE, fd, (off_t)first);
	NEED(p != MAP_FAILED);
	memcpy(got + at, p + (at - first), bytes);
	compare(step, "private", at, bytes);
	memset(p + (at - first), '#', bytes); /* which nobody sees */
	NEED(munmap(p, at - first + bytes + 1) == 0);
}

static void do_punch(size_t at, size_t bytes)
{
	size_t end = at + bytes < size ? at + bytes : size;

	if (!bytes)
		return;
	NEED(fallocate(fd, PUNCH, (off_t)at, (off_t)bytes) == 0);
	if (at < end)
		memset(want + at, 0, end - at);
}

/* Not everything can do this: then by hand. */
static void do_zero(size_t at, size_t bytes)
{
	int keep = (int)files_random(2);

	if (!bytes)
		return;
	if (fallocate(fd, ZERO | keep, (off_t)at, (off_t)bytes)) {
		size_t end = at + bytes;

		if (keep && end > size)
			end = size;
		memset(got, 0, bytes);
		if (at < end)
			NEED(pwrite(fd, got, end - at, (off_t)at) ==
			     (ssize_t)(end - at));
	}
	if (!keep)
		grow_to(at + bytes);
	if (at < size)
		memset(want + at, 0,
		       (at + bytes < size ? at + bytes : size) - at);
}

static void do_allocate(size_t at, size_t bytes)
{
	int keep = (int)files_random(2);

	if (!bytes)
		return;
	NEED(fallocate(fd, keep, (off_t)at, (off_t)bytes) == 0 ||
	     errno == EOPNOTSUPP);
	if (errno == EOPNOTSUPP && !keep && at + bytes > size)
		NEED(ftruncate(fd, (off_t)(at + bytes)) == 0);
	if (!keep)
		grow_to(at + bytes);
}

static void do_copy(size_t from, size_t to, size_t bytes)
{
	off_t a = (off_t)from, b = (off_t)to;
	ssize_t n;

	if (from >= size || !bytes)
		return;
	if (bytes > size - from)
		bytes = size - from;
	if (from < to + bytes && to < from + bytes)
		return;
	for (size_t done = 0; done < bytes; done += (size_t)n) {
		n = copy_file_range(fd, &a, fd, &b, bytes - done, 0);
		NEED(n > 0);
	}
	memmove(want + to, want + from, bytes);
	grow_to(to + bytes);
}

static void do_reopen(const char *name)
{
	NEED(close(fd) == 0);
	fd = open(name, O_RDWR);
	NEED(fd >= 0);
}

static void do_step(unsigned step, const char *name)
{
	size_t at = files_random(MOST), bytes = files_random(24000);
	size_t to = files_random(MOST);

	if (files_random(3) == 0) { /* near the end and the beginning */
		at = size > 5000 ? size - files_random(5000) : 0;
		bytes = files_random(9000);
	}
	if (files_random(4) == 0) {
		at = at / PAGE * PAGE;
		bytes = bytes / PAGE * PAGE;
	}
	if (bytes > MOST - at)
		bytes = MOST - at;
	switch (files_random(16)) {
	case 0:
	case 1:
		do_read(step, at, bytes);
		break;
	case 2:
	case 3:
	case 4:
		do_write(at, bytes);
		break;
	case 5:
		do_truncate(at);
		break;
	case 6:
		do_truncate(size < 3000 ? 0 : size - files_random(3000));
		break;
	case 7:
		do_map(step, at, bytes, 0);
		break;
	case 8:
	case 9:
		do_map(step, at, bytes, 1);
		break;
	case 10:
		do_punch(at, bytes);
		break;
	case 11:
		do_zero(at, bytes);
		break;
	case 12:
		do_allocate(at, bytes);
		break;
	case 13:
		if (to + bytes <= MOST)
			do_copy(at, to, bytes);
		break;
	case 14:
		do_private(step, at, bytes);
		break;
	default:
		if (files_random(2))
			do_reopen(name);
		else
			NEED(fsync(fd) == 0);
		break;
	}
	/* Through the window, as far as the file goes. */
	at = files_random(WINDOW);
	if (at < size && !files_random(3))
		window[at] = want[at] = (char)step;
}

static void run_file(uint64_t seed, const char *name)
{
	memset(want, 0, sizeof(want));
	size = 0;
	files_seed(seed);
	fd = open(name, O_RDWR | O_CREAT | O_EXCL, 0644);
	NEED(fd >= 0);
	window = mmap(NULL, WINDOW, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	NEED(window != MAP_FAILED);
	for (unsigned step = 0; step < STEPS; step++) {
		do_step(step, name);
		if (step % 16 == 0)
			check_all(step);
		if (step % 500 == 0)
			printf("step %u: %zu bytes, %016llx\n", step, size,
			       (unsigned long long)files_digest(0, want, size));
	}
	check_all(STEPS);
	NEED(munmap(window, WINDOW) == 0);
	NEED(close(fd) == 0);
	files_show(name);
}

static void file(void)
{
	run_file(1, "one");
	run_file(2, "two");
}

/* A path of a few names, so that they meet often. No way out at the top. */
static const char *any_path(char *to)
{
	static const char *const names[] = {"a", "b", "c", "d", "e",
					    "f", "g", ".", "x"};
	unsigned parts = 1 + files_random(3), depth = 0;
	const char *name;

	*to = '\0';
	for (unsigned i = 0; i < parts; i++) {
		if (i)
			strcat(to, files_random(12) ? "/" : "//");
		if (depth && !files_random(6)) {
			strcat(to, "..");
			depth--;
			continue;
		}
		name = names[files_random(COUNT(names))];
		strcat(to, name);
		depth += strcmp(name, ".") != 0;
	}
	if (!files_random(15))
		strcat(to, "/");
	return to;
}

static int kept[8];

static long do_open(const char *path)
{
	static const int flags[] = {
		O_RDONLY,
		O_RDWR | O_CREAT,
		O_RDWR | O_CREAT | O_EXCL,
		O_WRONLY | O_TRUNC,
		O_RDWR | O_CREAT | O_APPEND,
		O_RDONLY | O_DIRECTORY,
		O_PATH | O_NOFOLLOW,
		O_TMPFILE | O_RDWR,
	};
	unsigned i = files_random(COUNT(kept));
	int flag = flags[files_random(COUNT(flags))];
	int new;

	if (kept[i])
		close(kept[i]);
	new = open(path, flag, 0666);
	kept[i] = new < 0 ? 0 : new;
	if (new >= 0 && files_random(2) && (flag & O_ACCMODE) == O_RDWR)
		return write(new, path, strlen(path));
	return new < 0 ? -1 : 0;
}

static long do_kept(void)
{
	char data[16];
	struct stat st;
	int one = kept[files_random(COUNT(kept))];

	switch (files_random(5)) {
	case 0:
		return read(one ? one : -1, data, sizeof(data));
	case 1:
		return write(one ? one : -1, "data", 4);
	case 2:
		return ftruncate(one ? one : -1, files_random(20000));
	case 3:
		if (fstat(one ? one : -1, &st))
			return -1;
		return (long)st.st_nlink * 1000000 +
		       (S_ISDIR(st.st_mode) ? 0 : (long)st.st_size);
	default:
		return linkat(one ? one : -1, "", AT_FDCWD, "x", AT_EMPTY_PATH);
	}
}

static long do_name(const char **what, const char *a, const char *b)
{
	struct stat st;
	char target[64];
	unsigned i = files_random(14);
	static const char *const names[] = {
		"mkdir",  "mkdir",    "rmdir",	    "unlink",	"rename",
		"rename", "exchange", "no replace", "link",	"symlink",
		"lstat",  "stat",     "readlink",   "truncate",
	};

	*what = names[i];
	switch (i) {
	case 0:
	case 1:
		return mkdir(a, 0755);
	case 2:
		return rmdir(a);
	case 3:
		return unlink(a);
	case 4:
	case 5:
		return rename(a, b);
	case 6:
		return syscall(SYS_renameat2, AT_FDCWD, a, AT_FDCWD, b, 2);
	case 7:
		return syscall(SYS_renameat2, AT_FDCWD, a, AT_FDCWD, b, 1);
	case 8:
		return link(a, b);
	case 9:
		/* Never up: at the top that would lead out. */
		return b[0] == '.' || strstr(b, "..") ? 0 : symlink(b, a);
	case 10:
		return lstat(a, &st) ? -1 : (long)st.st_nlink;
	case 11:
		return stat(a, &st)	     ? -1
		       : S_ISDIR(st.st_mode) ? (long)st.st_nlink
					     : (long)st.st_size;
	case 12:
		return readlink(a, target, sizeof(target));
	default:
		return truncate(a, files_random(9000));
	}
}

static void run_tree(uint64_t seed)
{
	char a[64], b[64], line[160];
	uint64_t hash = 0;
	const char *what;

	files_seed(seed);
	for (unsigned step = 0; step < STEPS; step++) {
		any_path(a);
		any_path(b);
		what = "open";
		errno = 0;
		switch (files_random(6)) {
		case 0:
			snprintf(line, sizeof(line), "%u open %s", step, a);
			files_told(line, do_open(a));
			break;
		case 1:
			snprintf(line, sizeof(line), "%u kept", step);
			files_told(line, do_kept());
			break;
		default: {
			long result = do_name(&what, a, b);

			snprintf(line, sizeof(line), "%u %s %s %s", step, what,
				 a, b);
			files_told(line, result);
		}
		}
		hash = files_digest(hash, line, strlen(line));
	}
	for (size_t i = 0; i < COUNT(kept); i++) {
		if (kept[i])
			close(kept[i]);
		kept[i] = 0;
	}
	files_tree_show();
	printf("%016llx\n", (unsigned long long)hash);
}

static void tree(void)
{
	run_tree(1);
	files_tree_clear();
	run_tree(2);
	files_tree_clear();
	run_tree(3);
}

int main(int argc, char **argv)
{
	static const struct files_case cases[] = {
		{"file", file},
		{"tree", tree},
		{NULL, NULL},
	};

	return files_main(argc, argv, cases);
}
