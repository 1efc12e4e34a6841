/* SPDX-License-Identifier: ISC */
/* Long calls and rude neighbours; argument 1 names one. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "hypercall_x86_64.h"

#ifndef BLKDISCARD
#define BLKDISCARD 0x1277 /* linux/fs.h */
#endif

int ioctl(int fd, int request, ...);

static char *most_of_memory(size_t *bytes)
{
	*bytes = 1ULL << 30;
	return malloc(*bytes);
}

static void long_random(void)
{
	size_t bytes;
	char *p = most_of_memory(&bytes);

	for (;;)
		hypercall_random(p, bytes);
}

/* Each piece names the same memory, so one call moves 64 times as much. */
static void long_disk(void)
{
	struct bp_segment list[BP_MAX_SEGMENTS];
	size_t bytes;
	char *p = most_of_memory(&bytes);

	for (unsigned i = 0; i < BP_MAX_SEGMENTS; i++)
		list[i] = (struct bp_segment){(uintptr_t)p, bytes};
	for (;;)
		hypercall_block_io(0, BP_BLOCK_READ, 0, list, BP_MAX_SEGMENTS);
}

static void long_write(void)
{
	static char text[32 << 20];

	memset(text, 'x', sizeof(text));
	for (;;)
		hypercall_console_write(BP_STREAM_OUT, text, sizeof(text));
}

static void spin(void)
{
	for (;;)
		__asm__ volatile("");
}

/* Writes until it fails, and goes on. */
static void full_output(void)
{
	static char text[4096];

	memset(text, 'x', sizeof(text));
	for (int i = 0; i < 1000; i++) {
		if (write(1, text, sizeof(text)) < 0) {
			fprintf(stderr, "%s\n", strerror(errno));
			exit(3);
		}
	}
}

static void again(int number)
{
	signal(number, SIG_DFL);
	raise(number);
}

static void raise_in_handler(void)
{
	signal(SIGTERM, again);
	raise(SIGTERM);
	puts("survived");
}

static void only_once(int number)
{
	raise(number);
}

static void reset_hand(void)
{
	struct sigaction action = {.sa_handler = only_once};

	action.sa_flags = (int)(SA_RESETHAND | SA_NODEFER);
	sigaction(SIGTERM, &action, NULL);
	raise(SIGTERM);
	puts("survived");
}

static void discard_read_only(void)
{
	unsigned long long range[2] = {0, 512};
	int fd = open("/dev/disk0", O_RDONLY);

	if (ioctl(fd, BLKDISCARD, range) == -1 && errno == EBADF)
		puts("refused");
}

/* The test writes over this name in the debug file. */
static __attribute__((noinline)) void robust_fault(void)
{
	__asm__ volatile("ud2");
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*run)(void);
	} all[] = {
		{"long-random", long_random},
		{"long-disk", long_disk},
		{"long-write", long_write},
		{"spin", spin},
		{"full-output", full_output},
		{"raise-in-handler", raise_in_handler},
		{"reset-hand", reset_hand},
		{"discard-read-only", discard_read_only},
		{"fault", robust_fault},
	};

	for (unsigned i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if (argc > 1 && !strcmp(argv[1], all[i].name)) {
			all[i].run();
			return 0;
		}
	}
	return 99;
}
