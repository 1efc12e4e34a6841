/* SPDX-License-Identifier: ISC */
/*
 * disk_mutate IMAGE NUMBER: prints a damaged copy of a disk image, always the
 * same for the same number. Bytes change where there is something, at the
 * beginning above all, as that is where the file system's own data is. One
 * copy of sixteen is cut short instead.
 */
#include <stdio.h>
#include <stdlib.h>

#include "tap.h"

#define CELL_BYTES 32
#define IMAGE_MAX  ((size_t)16 << 20)

static uint8_t image[IMAGE_MAX];
static size_t cell[IMAGE_MAX / CELL_BYTES];

static bool is_empty(const uint8_t *p)
{
	for (int i = 0; i < CELL_BYTES; i++)
		if (p[i])
			return false;
	return true;
}

static void change(uint64_t *random, size_t at)
{
	static const uint32_t likely[] = {0,	  1,	      2,	 0xff,
					  0xffff, 0x7fffffff, 0xffffffff};
	size_t bytes = (size_t)1 << random_next(random) % 3;
	uint32_t value = (uint32_t)random_next(random);

	switch (random_next(random) % 4) {
	case 0:
		image[at] ^= (uint8_t)(1u << value % 8);
		return;
	case 1:
		value = likely[value % COUNT_OF(likely)];
		break;
	case 2:
		value %= 4096;
		break;
	default:
		break;
	}
	for (size_t i = 0; i < bytes && at + i < IMAGE_MAX; i++)
		image[at + i] = (uint8_t)(value >> 8 * i);
}

int main(int argc, char *argv[])
{
	uint64_t random = argc > 2 ? strtoull(argv[2], NULL, 10) : 0;
	FILE *f = argc > 2 ? fopen(argv[1], "rb") : NULL;
	size_t bytes, cells = 0, changes;

	if (!f)
		return 1;
	bytes = fread(image, 1, sizeof(image), f);
	fclose(f);
	for (size_t at = 0; at + CELL_BYTES <= bytes; at += CELL_BYTES)
		if (!is_empty(image + at))
			cell[cells++] = at;
	if (!cells)
		return 1;
	if (random_next(&random) % 16 == 0) {
		bytes = random_next(&random) % bytes;
	} else {
		changes = (size_t)1 << random_next(&random) % 5;
		while (changes--) {
			size_t some = random_next(&random) % 2 ? cells
							       : cells / 4 + 1;

			change(&random,
			       cell[random_next(&random) % some] +
				       random_next(&random) % CELL_BYTES);
		}
	}
	return fwrite(image, 1, bytes, stdout) != bytes || fflush(stdout);
}
