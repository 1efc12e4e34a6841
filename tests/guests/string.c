/* SPDX-License-Identifier: ISC */
/* memmove() against a byte-wise model, for every distance and length. */
#include <stdio.h>
#include <string.h>

#define SPAN 200

static volatile unsigned char model[3 * SPAN];
static unsigned char moved[3 * SPAN];

static void fill(void)
{
	for (size_t i = 0; i < sizeof(moved); i++)
		model[i] = moved[i] = (unsigned char)(i * 7 + i / 256);
}

static void move_bytes(size_t to, size_t from, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++) {
		size_t at = to > from ? bytes - 1 - i : i;

		model[to + at] = model[from + at];
	}
}

int main(void)
{
	unsigned long checked = 0;

	for (size_t to = 0; to < 2 * SPAN; to += 3) {
		for (size_t bytes = 0; bytes <= SPAN; bytes++) {
			fill();
			move_bytes(to, SPAN, bytes);
			if (memmove(moved + to, moved + SPAN, bytes) !=
			    moved + to)
				return 1;
			for (size_t i = 0; i < sizeof(moved); i++, checked++)
				if (moved[i] != model[i])
					return 2;
		}
	}
	printf("%lu\n", checked);
	return 0;
}
