/* SPDX-License-Identifier: ISC */
/*
 * Memory that is freed, and had again. Says where it is; goes on with each line
 * of input.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define LARGE (64UL << 20)
#define SMALL 100000UL
#define COUNT (LARGE / SMALL)

static void say(const char *what)
{
	puts(what);
	fflush(stdout);
	getchar();
}

static char *map(void)
{
	return mmap(NULL, LARGE, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static int all_zero(const char *p)
{
	return !*p && !memcmp(p, p + 1, LARGE - 1);
}

int main(void)
{
	static char *small[COUNT];
	char *p = map();

	memset(p, 1, LARGE);
	say("used");
	munmap(p, LARGE);
	say("freed");
	p = map();
	if (!all_zero(p))
		return 1;
	munmap(p, LARGE);
	for (size_t i = 0; i < COUNT; i++) {
		small[i] = malloc(SMALL);
		memset(small[i], 1, SMALL);
	}
	say("used in pieces");
	/* The last one stays, as in a program that has been up for a while. */
	for (size_t i = 0; i + 1 < COUNT; i++)
		free(small[i]);
	say("freed in pieces");
	if (small[COUNT - 1][0] != 1 || small[COUNT - 1][SMALL - 1] != 1)
		return 2;
	p = map();
	if (!all_zero(p))
		return 3;
	puts("done");
	return 0;
}
