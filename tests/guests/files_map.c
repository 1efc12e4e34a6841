/* SPDX-License-Identifier: ISC */
/* Files in memory: mmap(2) and what read, write and truncate see of it. */
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files.h"

#define PAGE 4096

static char buffer[64 * PAGE];

static char *map(int fd, size_t bytes, int flags, off_t offset)
{
	char *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, flags, fd, offset);

	NEED(p != MAP_FAILED);
	return p;
}

/* A file of so many pages, each of another letter. */
static int make(const char *name, int pages)
{
	int fd = open(name, O_RDWR | O_CREAT | O_TRUNC, 0644);

	NEED(fd >= 0);
	for (int i = 0; i < pages; i++) {
		memset(buffer, 'a' + i % 26, PAGE);
		NEED(write(fd, buffer, PAGE) == PAGE);
	}
	return fd;
}

static void show(const char *what, const char *p, size_t bytes)
{
	printf("%s: %.4s... %016llx\n", what, *p ? p : "\\0",
	       (unsigned long long)files_digest(0, p, bytes));
}

static void shared(void)
{
	int fd = make("f", 4), other;
	char *p = map(fd, 4 * PAGE, MAP_SHARED, 0);
	struct stat st;

	show("mapped", p, 4 * PAGE);
	memcpy(p + PAGE - 3, "mapped", 6);
	NEED(pread(fd, buffer, 6, PAGE - 3) == 6);
	show("read", buffer, 6);
	NEED(pwrite(fd, "written", 7, 2 * PAGE - 3) == 7);
	show("written", p + 2 * PAGE - 3, 7);
	show("mapped", p, 4 * PAGE);
	other = open("f", O_RDWR);
	NEED(pread(other, buffer, 4 * PAGE, 0) == 4 * PAGE);
	show("read by another", buffer, 4 * PAGE);
	NEED(write(other, "other", 5) == 5);
	show("mapped", p, 4 * PAGE);
	DO(msync(p, 4 * PAGE, MS_SYNC));
	DO(msync(p, 4 * PAGE, MS_ASYNC));
	DO(msync(p, 4 * PAGE, MS_INVALIDATE));
	DO(msync(p, 4 * PAGE, MS_SYNC | MS_ASYNC));
	DO(msync(p, 4 * PAGE, 64));
	DO(msync(p + 1, PAGE, MS_SYNC));
	DO(msync(p + PAGE, 1, MS_SYNC));
	DO(close(fd));
	p[5] = '!';
	DO(munmap(p, 4 * PAGE));
	files_show("f");
	/* The size stays, whatever is mapped. */
	p = map(other, 100 * PAGE, MAP_SHARED, 0);
	NEED(fstat(other, &st) == 0);
	DO(st.st_size);
	p[7] = '?';
	DO(munmap(p, 100 * PAGE));
	files_show("f");
	DO(close(other));
}

static void private(void)
{
	int fd = make("f", 3), rd;
	char *p = map(fd, 3 * PAGE, MAP_PRIVATE, 0), *q;

	memcpy(p, "mine", 4);
	files_show_fd(fd);
	show("mapped", p, 3 * PAGE);
	NEED(pwrite(fd, "file", 4, 0) == 4);
	show("mapped", p, PAGE); /* has its own copy by now */
	q = map(fd, PAGE, MAP_PRIVATE, 0);
	show("another", q, PAGE);
	DO(munmap(p, 3 * PAGE));
	DO(munmap(q, PAGE));
	rd = open("f", O_RDONLY);
	p = map(rd, 3 * PAGE, MAP_PRIVATE, 0);
	memcpy(p, "mine", 4);
	show("mapped", p, 3 * PAGE);
	DO(close(rd));
	DO(unlink("f"));
	DO(close(fd));
	show("of a deleted file", p, 3 * PAGE);
	DO(munmap(p, 3 * PAGE));
}

static void ends(void)
{
	int fd = make("f", 1);
	char *p;

	NEED(ftruncate(fd, 100) == 0);
	p = map(fd, PAGE, MAP_SHARED, 0);
	show("zeros after it", p, PAGE);
	DO(ftruncate(fd, 200));
	show("longer", p, PAGE);
	p[150] = 'x';
	files_show_fd(fd);
	DO(ftruncate(fd, 120));
	show("shorter", p, PAGE);
	DO(ftruncate(fd, 200));
	show("longer again", p, PAGE);
	NEED(pwrite(fd, "tail", 4, 300) == 4);
	show("written past the end", p, PAGE);
	DO(munmap(p, PAGE));
	/* What lies past the end of the file may be used once it grows. */
	p = map(fd, 4 * PAGE, MAP_SHARED, 0);
	DO(ftruncate(fd, 4 * PAGE));
	show("grown", p, 4 * PAGE);
	p[3 * PAGE] = 'z';
	NEED(pwrite(fd, "second", 6, PAGE) == 6);
	files_show_fd(fd);
	DO(ftruncate(fd, PAGE));
	DO(ftruncate(fd, 4 * PAGE));
	show("cut and grown", p, 4 * PAGE);
	files_show_fd(fd);
	p[2 * PAGE] = 'y';
	DO(munmap(p, 4 * PAGE));
	files_show_fd(fd);
	/* A file that was cut while it was mapped. */
	p = map(fd, 4 * PAGE, MAP_SHARED, 0);
	memset(p, 'q', 4 * PAGE);
	DO(ftruncate(fd, PAGE + 1));
	DO(munmap(p, 4 * PAGE));
	files_show_fd(fd);
	DO(ftruncate(fd, 3 * PAGE));
	files_show_fd(fd);
	DO(close(fd));
}

static void parts(void)
{
	int fd = make("f", 8);
	char *p = map(fd, 8 * PAGE, MAP_SHARED, 0), *q;

	memcpy(p + 3 * PAGE, "three", 5);
	DO(munmap(p + 3 * PAGE, 2 * PAGE)); /* in the middle */
	memcpy(p + 2 * PAGE, "two", 3);
	memcpy(p + 5 * PAGE, "five", 4);
	NEED(pwrite(fd, "written", 7, 6 * PAGE) == 7);
	show("right", p + 5 * PAGE, 3 * PAGE);
	show("left", p, 3 * PAGE);
	DO(munmap(p, PAGE)); /* the head */
	memcpy(p + PAGE, "one", 3);
	DO(munmap(p + 7 * PAGE, PAGE)); /* the tail */
	memcpy(p + 6 * PAGE, "six", 3);
	files_show_fd(fd);
	DO(munmap(p, 8 * PAGE)); /* what is left, and the gaps */
	files_show_fd(fd);
	DO(munmap(p, 8 * PAGE)); /* nothing there: no error */
	p = map(fd, 2 * PAGE, MAP_SHARED, 5 * PAGE);
	show("from the sixth page on", p, 2 * PAGE);
	p[PAGE] = '7';
	DO(munmap(p, 2 * PAGE));
	files_show_fd(fd);
	/* Two mappings of one part. */
	p = map(fd, 2 * PAGE, MAP_SHARED, 0);
	q = map(fd, 2 * PAGE, MAP_SHARED, 0);
	memcpy(p + 10, "first", 5);
	show("second", q, 2 * PAGE);
	memcpy(q + 20, "second", 6);
	show("first", p, 2 * PAGE);
	DO(munmap(p, 2 * PAGE));
	memcpy(q + 30, "alone", 5);
	files_show_fd(fd);
	DO(munmap(q, 2 * PAGE));
	files_show_fd(fd);
	/* A part of a mapping, twice, and each taken away in parts. */
	p = map(fd, 8 * PAGE, MAP_SHARED, 0);
	q = map(fd, 3 * PAGE, MAP_SHARED, PAGE);
	DO(munmap(p + 5 * PAGE, PAGE));
	DO(munmap(q, 3 * PAGE));
	memcpy(p + 2 * PAGE, "still", 5);
	files_show_fd(fd);
	q = map(fd, 3 * PAGE, MAP_SHARED, 0);
	DO(munmap(p, 2 * PAGE));
	memcpy(q + PAGE, "there", 5);
	DO(munmap(p + 2 * PAGE, 6 * PAGE));
	memcpy(q + 2 * PAGE, "too", 3);
	files_show_fd(fd);
	DO(munmap(q, 3 * PAGE));
	NEED(pwrite(fd, "no longer", 9, PAGE) == 9);
	files_show_fd(fd);
	/* Different parts, side by side. */
	p = map(fd, PAGE, MAP_SHARED, 0);
	q = map(fd, PAGE, MAP_SHARED, 3 * PAGE);
	p[0] = 'P';
	q[0] = 'Q';
	DO(munmap(p, PAGE));
	q[1] = 'Q';
	DO(munmap(q, PAGE));
	files_show_fd(fd);
	DO(close(fd));
}

static void fixed(void)
{
	int fd = make("f", 4);
	char *p = mmap(NULL, 8 * PAGE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *q;

	NEED(p != MAP_FAILED);
	memset(p, '#', 8 * PAGE);
	q = mmap(p + 2 * PAGE, 2 * PAGE, PROT_READ | PROT_WRITE,
		 MAP_SHARED | MAP_FIXED, fd, PAGE);
	DO(q == p + 2 * PAGE);
	show("around", p, 8 * PAGE);
	memcpy(q, "shared", 6);
	files_show_fd(fd);
	q = mmap(p + 5 * PAGE, PAGE, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_FIXED, fd, 0);
	DO(q == p + 5 * PAGE);
	show("around", p, 8 * PAGE);
	/* Anonymous memory over a part of it: the file keeps what it has. */
	q = mmap(p + 3 * PAGE, PAGE, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	DO(q == p + 3 * PAGE);
	show("around", p, 8 * PAGE);
	q[0] = 'n';
	p[2 * PAGE + 1] = 'o';
	files_show_fd(fd);
	q = mmap(p + 2 * PAGE, PAGE, PROT_READ | PROT_WRITE,
		 MAP_SHARED | MAP_FIXED, fd, 3 * PAGE);
	DO(q == p + 2 * PAGE);
	show("around", p, 8 * PAGE);
	DO(munmap(p, 8 * PAGE));
	files_show_fd(fd);
	DO(close(fd));
}

#define MAP(...) mmap(__VA_ARGS__) == MAP_FAILED ? -1 : 0

static void refused(void)
{
	int fd = make("f", 1), rd = open("f", O_RDONLY);
	int wr = open("f", O_WRONLY), by_path = open("f", O_PATH);
	const int both = PROT_READ | PROT_WRITE;

	DO(MAP(NULL, 0, PROT_READ, MAP_SHARED, fd, 0));
	DO(MAP(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 1));
	DO(MAP(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 100));
	DO(MAP(NULL, PAGE, PROT_READ, MAP_SHARED, -1, 0));
	DO(MAP(NULL, PAGE, PROT_READ, MAP_SHARED, 99, 0));
	DO(MAP(NULL, PAGE, PROT_READ, 0, fd, 0));
	DO(MAP(NULL, PAGE, PROT_READ, MAP_SHARED, wr, 0));
	DO(MAP(NULL, PAGE, PROT_READ, MAP_PRIVATE, wr, 0));
	DO(MAP(NULL, PAGE, PROT_WRITE, MAP_PRIVATE, wr, 0));
	DO(MAP(NULL, PAGE, PROT_READ, MAP_PRIVATE, by_path, 0));
	DO(MAP(NULL, PAGE, both, MAP_SHARED, rd, 0));
	DO(MAP(NULL, PAGE, PROT_READ, MAP_SHARED, rd, 0));
	DO(MAP(NULL, PAGE, both, MAP_PRIVATE, rd, 0));
	DO(MAP(NULL, PAGE, PROT_READ, MAP_SHARED, files_home, 0));
	DO(MAP(NULL, PAGE, PROT_READ, MAP_PRIVATE, files_home, 0));
	DO(MAP(NULL, LONG_MAX, PROT_READ, MAP_SHARED, fd, 0));
	DO(msync((void *)buffer, 0, MS_SYNC) == -1 && errno != EINVAL);
	files_show_fd(fd);
}

static void holes(void)
{
	int fd = open("f", O_RDWR | O_CREAT, 0644);
	char *p;

	NEED(ftruncate(fd, 16 * PAGE) == 0);
	p = map(fd, 16 * PAGE, MAP_SHARED, 0);
	show("hole", p, 16 * PAGE);
	p[5 * PAGE + 5] = '5';
	p[9 * PAGE] = '9';
	files_show_fd(fd);
	DO(fallocate(fd, 3, 5 * PAGE, PAGE)); /* punched */
	show("punched", p, 16 * PAGE);
	p[5 * PAGE + 6] = '6';
	NEED(pwrite(fd, "x", 1, 9 * PAGE + 1) == 1);
	DO(munmap(p, 16 * PAGE));
	files_show_fd(fd);
	/* It lasts as long as it is mapped. */
	p = map(fd, 16 * PAGE, MAP_SHARED, 0);
	DO(close(fd));
	DO(unlink("f"));
	p[0] = 'l';
	show("deleted", p, 16 * PAGE);
	DO(munmap(p, 16 * PAGE));
}

/* From the file into its own mapping, and back. */
static void itself(void)
{
	int fd = make("f", 4);
	char *p = map(fd, 4 * PAGE, MAP_SHARED, 0);

	DO(pread(fd, p, PAGE, PAGE));
	files_show_fd(fd);
	DO(pwrite(fd, p + 2 * PAGE, PAGE, 0));
	files_show_fd(fd);
	DO(pwrite(fd, p, 4 * PAGE, 0));
	DO(pread(fd, p, 4 * PAGE, 0));
	DO(pread(fd, p + 2 * PAGE, 2 * PAGE, 0));
	files_show_fd(fd);
	DO(lseek(fd, 0, SEEK_SET));
	DO(write(fd, p + 3 * PAGE, 10));
	show("mapped", p, 4 * PAGE);
	DO(munmap(p, 4 * PAGE));
	files_show_fd(fd);
}

/* Many small ones, made and taken away in any order. */
static void many(void)
{
	static struct {
		char *p;
		unsigned first, pages;
	} m[20];
	int fd = make("f", 64);
	char *window;

	files_seed(7);
	window = map(fd, 64 * PAGE, MAP_PRIVATE, 0);
	for (int step = 0; step < 3000; step++) {
		unsigned i = files_random(20), at;

		if (!m[i].p) {
			/* No two that overlap: see file_map.c. */
			m[i].first = i * 3;
			m[i].pages = 1 + files_random(3);
			m[i].p = map(fd, m[i].pages * PAGE, MAP_SHARED,
				     m[i].first * PAGE);
		}
		at = files_random(m[i].pages * PAGE);
		switch (files_random(5)) {
		case 0:
			NEED(munmap(m[i].p, m[i].pages * PAGE) == 0);
			m[i].p = NULL;
			break;
		case 1:
			NEED(pwrite(fd, "write", 5, m[i].first * PAGE + at) ==
			     5);
			break;
		case 2:
			NEED(pread(fd, buffer, 1, m[i].first * PAGE + at) == 1);
			NEED(buffer[0] == m[i].p[at]);
			break;
		default:
			m[i].p[at] = (char)step;
			break;
		}
	}
	files_show_fd(fd);
	for (int i = 0; i < 20; i++)
		if (m[i].p)
			NEED(munmap(m[i].p, m[i].pages * PAGE) == 0);
	files_show_fd(fd);
	NEED(munmap(window, 64 * PAGE) == 0);
}

int main(int argc, char **argv)
{
	static const struct files_case cases[] = {
		{"shared", shared},   {"private", private}, {"ends", ends},
		{"parts", parts},     {"fixed", fixed},	    {"holes", holes},
		{"refused", refused}, {"itself", itself},   {"many", many},
		{NULL, NULL},
	};

	return files_main(argc, argv, cases);
}
