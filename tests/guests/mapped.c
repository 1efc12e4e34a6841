/* SPDX-License-Identifier: ISC */
/*
 * What a guest may do, and may not, where a disk is mapped: argument 1 says
 * what, and the device is the first one.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "boot_info.h"
#include "hypercall_x86_64.h"
#include "upcall.h"

extern const struct bp_boot_info *__rt_boot;

static char buffer[1 << 16];

static const struct bp_device *device(void)
{
	const char *base = (const char *)__rt_boot + __rt_boot->device_offset;

	return (const struct bp_device *)(const void *)base;
}

static char *map(void)
{
	return (char *)device()->map_gpa;
}

static void wait_for_host(void)
{
	puts("ready");
	fflush(stdout);
	getchar();
}

/* Memory and hypercall agree about every block. */
static void same(void)
{
	uint64_t bytes = device()->capacity_bytes, step = sizeof(buffer);

	for (uint64_t at = 0; at < bytes; at += step) {
		struct bp_segment s = {(uintptr_t)buffer, step};

		if (s.bytes > bytes - at)
			s.bytes = bytes - at;
		if (hypercall_block_io(0, BP_BLOCK_READ, at, &s, 1) ||
		    memcmp(buffer, map() + at, s.bytes))
			exit(1);
	}
	puts("same");
}

/* What the host writes meanwhile is seen. */
static void watch(void)
{
	char first = *(volatile char *)map(), second;

	wait_for_host();
	second = *(volatile char *)map();
	printf("%c then %c\n", first, second);
}

static void info(void)
{
	for (unsigned i = 0; i < __rt_boot->device_count; i++)
		printf("%s %s\n", device()[i].name,
		       device()[i].map_gpa ? "mapped" : "not mapped");
}

static void end(void)
{
	fwrite(map() + device()->capacity_bytes - 16, 1, 16, stdout);
}

static void store(void)
{
	*(volatile char *)map() = 'x';
}

static void jump(void)
{
	((void (*)(void))device()->map_gpa)();
}

static void behind(void)
{
	uint64_t end = (device()->capacity_bytes + 4095) / 4096 * 4096;

	(void)*(volatile char *)(map() + end);
}

static void before(void)
{
	(void)*(volatile char *)(map() - 1);
}

/* The last page, which the host has cut off meanwhile. */
static void cut(void)
{
	wait_for_host();
	(void)*(volatile char *)(map() + device()->capacity_bytes - 1);
}

/* The same by a system call, and then one that can be done. */
static void fails(void)
{
	int fd = open("/dev/disk0", O_RDONLY);

	wait_for_host();
	if (pread(fd, buffer, 4096, (off_t)device()->capacity_bytes - 4096) ==
	    -1)
		printf("%s, then %zd\n", strerror(errno),
		       pread(fd, buffer, 4096, 0));
}

static void on_bus(int signal, siginfo_t *info, void *context)
{
	(void)context;
	printf("signal %d code %d\n", signal, info->si_code);
	fflush(stdout);
	_exit(0);
}

static void caught(void)
{
	const struct sigaction action = {
		.sa_sigaction = on_bus,
		.sa_flags = SA_SIGINFO,
	};

	sigaction(SIGBUS, &action, NULL);
	cut();
}

/* Its stack, its code, its upcalls' frame are there, all at once. */
static void worst(void)
{
	hypercall5(BP_CALL_UPCALL, (uintptr_t)worst, (uintptr_t)buffer & ~7UL,
		   device()->map_gpa + 4096, 1U << BP_UPCALL_TRAP, 0);
	wait_for_host();
	__asm__ volatile("mov %0, %%rsp\n\tpop %%rax\n\tiretq"
			 :
			 : "r"(map() + device()->capacity_bytes - 64)
			 : "memory");
}

/* The call of that number, with an address on the disk where it takes one. */
static void call(unsigned number)
{
	uint64_t at = device()->map_gpa;
	struct bp_segment s = {at, 512};

	switch (number) {
	case BP_CALL_CONSOLE_WRITE:
		hypercall_console_write(1, (const void *)at, 16);
		break;
	case BP_CALL_CONSOLE_READ:
		hypercall_console_read((void *)at, 16);
		break;
	case BP_CALL_RANDOM:
		hypercall_random((void *)at, 16);
		break;
	case BP_CALL_BLOCK_IO:
		hypercall_block_io(0, BP_BLOCK_READ, 0, &s, 1);
		break;
	case BP_CALL_BLOCK_IO + 100:
		hypercall_block_io(0, BP_BLOCK_WRITE, 0, &s, 1);
		break;
	case BP_CALL_BLOCK_IO + 200:
		hypercall_block_io(0, BP_BLOCK_READ, 0, (void *)at, 1);
		break;
	case BP_CALL_SET_TLS:
		hypercall_set_tls(at);
		break;
	case BP_CALL_MAP:
		hypercall_map(at, 4096, BP_MAP_READ | BP_MAP_WRITE);
		break;
	case BP_CALL_UPCALL:
		hypercall_upcall((uintptr_t)call, at, at, 2);
		break;
	default:
		exit(2);
	}
	puts("back");
}

static const struct {
	const char *name;
	void (*run)(void);
} cases[] = {
	{"same", same},	    {"watch", watch},	{"info", info},
	{"end", end},	    {"store", store},	{"jump", jump},
	{"behind", behind}, {"before", before}, {"cut", cut},
	{"caught", caught}, {"fails", fails},	{"worst", worst},
};

int main(int argc, char **argv)
{
	if (argc > 2 && !strcmp(argv[1], "call")) {
		call((unsigned)atoi(argv[2]));
		return 0;
	}
	for (size_t i = 0; argc > 1 && i < sizeof(cases) / sizeof(*cases);
	     i++) {
		if (strcmp(argv[1], cases[i].name))
			continue;
		cases[i].run();
		return 0;
	}
	return 2;
}
