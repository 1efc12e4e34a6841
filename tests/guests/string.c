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

/* Around the lengths where another way is taken. */
static int large(void)
{
	static const size_t distances[] = {1, 7, 8, 31, 33, 64, 5000};
	static unsigned char data[3 * 5000], wanted[sizeof(data)];

	for (size_t bytes = 1000; bytes < 1100; bytes++) {
		for (size_t k = 0; k < 7; k++) {
			for (size_t i = 0; i < sizeof(data); i++)
				data[i] = wanted[i] =
					(unsigned char)(i * 7 + i / 256);
			for (size_t i = 0; i < bytes; i++)
				wanted[3 + i] = data[3 + i + distances[k]];
			memmove(data + 3, data + 3 + distances[k], bytes);
			if (memcmp(data, wanted, sizeof(data)) != 0)
				return 1;
		}
	}
	return 0;
}

int main(void)
{
	unsigned long checked = 0;

	if (large())
		return 3;

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
