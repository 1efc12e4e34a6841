/* SPDX-License-Identifier: ISC */
/* Something for a debugger to look at: see gdb.bats. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

struct item {
	char name[16];
	int count;
	double weight;
};

static struct item items[3] = {
	{"apple", 3, 0.25},
	{"pear", 5, 0.5},
	{"plum", 7, 0.125},
};

unsigned long total;
volatile unsigned char bytes[16];

__attribute__((noinline)) int weigh(const struct item *item, int factor)
{
	double sum = item->count * item->weight;

	total += (unsigned long)item->count * (unsigned long)factor;
	return (int)(sum * factor);
}

/* What pushf stores, which a single step must not change. */
__attribute__((noinline)) unsigned long flags(void)
{
	unsigned long value;

	__asm__ volatile("pushf\n\tpop %0" : "=r"(value));
	return value & 0x100;
}

static int compute(void)
{
	int result = 0;

	for (int round = 1; round <= 10; round++)
		for (int i = 0; i < 3; i++)
			result += weigh(&items[i], round);
	bytes[3] = 1;
	bytes[4] = bytes[3];
	printf("result %d, total %lu, flags %lx\n", result, total, flags());
	return result;
}

__attribute__((noinline)) static void spin(void)
{
	for (;;)
		total++;
}

unsigned long drawn;

__attribute__((noinline)) static void random_bytes(void)
{
	if (getrandom(&drawn, sizeof(drawn), 0) != sizeof(drawn))
		abort();
}

/* Until a line comes. */
__attribute__((noinline)) static void wait_line(void)
{
	char line[16];

	puts("waiting");
	if (!fgets(line, sizeof(line), stdin))
		abort();
}

__attribute__((noinline)) static void sleep_long(void)
{
	struct timespec t = {.tv_sec = 1000};

	puts("sleeping");
	nanosleep(&t, NULL);
}

__attribute__((noinline)) static int crash(int depth)
{
	volatile int *nowhere = NULL;

	if (depth > 2)
		return *nowhere;
	return crash(depth + 1) + 1;
}

__attribute__((noinline)) static int deep(int depth)
{
	volatile char room[3000];

	room[0] = (char)depth;
	if (depth < 0)
		return 0;
	return deep(depth + 1) + room[0];
}

/* strlen() has no frame of its own. */
__attribute__((noinline)) static int measure(const char *text)
{
	return (int)strlen(text) + 1;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "compute";

	if (!strcmp(what, "compute"))
		return compute() & 0x7f;
	if (!strcmp(what, "spin"))
		spin();
	if (!strcmp(what, "sleep"))
		sleep_long();
	if (!strcmp(what, "random"))
		random_bytes();
	if (!strcmp(what, "line")) {
		wait_line();
		return compute() & 0x7f;
	}
	if (!strcmp(what, "crash"))
		return crash(0);
	if (!strcmp(what, "leaf"))
		return measure(argc > 9 ? "" : NULL);
	if (!strcmp(what, "deep"))
		return deep(0);
	if (!strcmp(what, "random_crash")) {
		random_bytes();
		puts("drawn");
		return crash(0);
	}
	if (!strcmp(what, "half_line")) {
		fputs("half a line", stderr);
		return crash(0);
	}
	if (!strcmp(what, "half_line_out")) {
		printf("half a line");
		fflush(stdout);
		return crash(0);
	}
	if (!strcmp(what, "int3"))
		__asm__ volatile("int3");
	puts("end");
	return 0;
}
