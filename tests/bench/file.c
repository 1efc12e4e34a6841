/* SPDX-License-Identifier: ISC */
/*
 * What files cost:
 *
 *	file write PATH MIB	writes a file from end to end, and syncs it
 *	file read PATH		reads it, in pieces of 1 MiB
 *	file cached PATH N	reads it page by page, and then N random pages
 *	file random PATH N	reads N random pages
 *	file again PATH		reads it page by page, twice
 *	file small DIR N	makes N files of 1 KiB, and removes them
 *
 * The time is that of the whole of "write" and "read", of one page (of "again",
 * in the second pass), of one file. Digests take one word of each page, so that
 * they cost little.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"

#define CHUNK_BYTES (1u << 20)
#define PAGE_BYTES  4096u
#define SMALL_BYTES 1024u

static char chunk[CHUNK_BYTES];

static _Noreturn void fail(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, strerror(errno));
	exit(1);
}

static uint64_t mix_pages(uint64_t digest, size_t bytes)
{
	for (size_t i = 0; i < bytes; i += PAGE_BYTES) {
		uint64_t word;

		memcpy(&word, chunk + i, sizeof(word));
		digest = bench_mix(digest, word);
	}
	return digest;
}

/* No two pages of a file are alike. */
static void number_pages(uint64_t first)
{
	for (size_t i = 0; i < CHUNK_BYTES; i += PAGE_BYTES, first++)
		memcpy(chunk + i, &first, sizeof(first));
}

static void write_file(const char *path, uint64_t mib)
{
	uint64_t start, digest = 0;
	int fd;

	memset(chunk, 'x', sizeof(chunk));
	start = bench_now_ns();
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (fd < 0)
		fail(path);
	for (uint64_t i = 0; i < mib; i++) {
		number_pages(i * (CHUNK_BYTES / PAGE_BYTES));
		if (write(fd, chunk, CHUNK_BYTES) != CHUNK_BYTES)
			fail(path);
		digest = mix_pages(digest, CHUNK_BYTES);
	}
	if (fsync(fd) || close(fd))
		fail(path);
	bench_report(digest, bench_now_ns() - start, 1);
}

static int open_file(const char *path)
{
	int fd = open(path, O_RDONLY);

	if (fd < 0)
		fail(path);
	return fd;
}

static uint64_t read_all(int fd, size_t piece)
{
	uint64_t digest = 0;
	ssize_t n;

	while ((n = read(fd, chunk, piece)) > 0)
		digest = mix_pages(digest, (size_t)n);
	if (n < 0)
		fail("read");
	return digest;
}

static void read_file(const char *path)
{
	uint64_t start = bench_now_ns(), digest;
	int fd = open_file(path);

	digest = read_all(fd, CHUNK_BYTES);
	close(fd);
	bench_report(digest, bench_now_ns() - start, 1);
}

/* Of a file or a disk; and its beginning is what is read next. */
static uint64_t count_pages(int fd)
{
	off_t end = lseek(fd, 0, SEEK_END);

	if (end < (off_t)PAGE_BYTES || lseek(fd, 0, SEEK_SET))
		fail("size");
	return (uint64_t)end / PAGE_BYTES;
}

static void read_again(const char *path)
{
	int fd = open_file(path);
	uint64_t pages = count_pages(fd), digest, start;

	digest = read_all(fd, PAGE_BYTES);
	if (lseek(fd, 0, SEEK_SET))
		fail(path);
	start = bench_now_ns();
	digest = bench_mix(digest, read_all(fd, PAGE_BYTES));
	bench_report(digest, bench_now_ns() - start, pages);
}

static void read_random(const char *path, uint64_t count, int warm)
{
	uint64_t start, pages, digest = 0, state = 42;
	int fd = open_file(path);

	pages = count_pages(fd);
	if (warm)
		digest = read_all(fd, PAGE_BYTES);
	start = bench_now_ns();
	for (uint64_t i = 0; i < count; i++) {
		uint64_t page;

		state = state * 6364136223846793005 + 1442695040888963407;
		page = (state >> 32) % pages;
		if (pread(fd, chunk, PAGE_BYTES, (off_t)(page * PAGE_BYTES)) !=
		    PAGE_BYTES)
			fail(path);
		digest = mix_pages(digest, PAGE_BYTES);
	}
	bench_report(digest, bench_now_ns() - start, count ? count : 1);
}

static void name_small(char name[32], uint64_t i)
{
	snprintf(name, 32, "file-%08" PRIu64, i);
}

static void make_and_remove(const char *directory, uint64_t count)
{
	uint64_t start, digest = 0;
	char name[32];

	if (chdir(directory))
		fail(directory);
	memset(chunk, 'x', SMALL_BYTES);
	start = bench_now_ns();
	for (uint64_t i = 0; i < count; i++) {
		int fd;

		name_small(name, i);
		fd = open(name, O_WRONLY | O_CREAT | O_EXCL, 0600);
		if (fd < 0 || write(fd, chunk, SMALL_BYTES) != SMALL_BYTES ||
		    close(fd))
			fail(name);
		digest = bench_mix(digest, i);
	}
	for (uint64_t i = 0; i < count; i++) {
		name_small(name, i);
		if (unlink(name))
			fail(name);
	}
	bench_report(digest, bench_now_ns() - start, count);
}

int main(int argc, char **argv)
{
	uint64_t number = argc > 3 ? strtoull(argv[3], NULL, 10) : 0;
	const char *what = argc > 2 ? argv[1] : "";

	if (!strcmp(what, "write"))
		write_file(argv[2], number);
	else if (!strcmp(what, "read"))
		read_file(argv[2]);
	else if (!strcmp(what, "cached"))
		read_random(argv[2], number, 1);
	else if (!strcmp(what, "random"))
		read_random(argv[2], number, 0);
	else if (!strcmp(what, "again"))
		read_again(argv[2]);
	else if (!strcmp(what, "small"))
		make_and_remove(argv[2], number);
	else
		return 2;
	return 0;
}
