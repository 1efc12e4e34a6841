/* SPDX-License-Identifier: ISC */
/*
 * Reads a disk, or a file, from end to end in pieces of 1 MiB: the time for
 * all of it. The digest takes one word of each page, so that it costs little
 * beside the reading.
 */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"

#define CHUNK_BYTES (1u << 20)
#define PAGE_BYTES  4096u

int main(int argc, char **argv)
{
	static char chunk[CHUNK_BYTES];
	uint64_t start, digest = 0;
	off_t offset = 0;
	ssize_t n;
	int fd;

	fd = argc > 1 ? open(argv[1], O_RDONLY) : -1;
	if (fd < 0)
		return 1;
	start = bench_now_ns();
	while ((n = pread(fd, chunk, sizeof(chunk), offset)) > 0) {
		for (size_t i = 0; i < (size_t)n; i += PAGE_BYTES) {
			uint64_t word;

			memcpy(&word, chunk + i, sizeof(word));
			digest = bench_mix(digest, word);
		}
		offset += n;
	}
	bench_report(bench_mix(digest, (uint64_t)offset),
		     bench_now_ns() - start, 1);
	return n < 0;
}
