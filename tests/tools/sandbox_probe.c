/* SPDX-License-Identifier: ISC */
/*
 * For a tender built for tests: makes the system call that HVT_PROBE names,
 * inside the sandbox, before the guest starts, and prints its result.
 *
 * HVT_PROBE is a number and up to six arguments: numbers, or the names of what
 * this run has (below). With "int80" before it, it is a call of 32-bit code.
 */
#include "sandbox_probe.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "machine.h"
#include "one_cpu.h"

#define ARGS_MAX 6

static int network(const struct machine *m)
{
	for (unsigned i = 0; i < m->device_count; i++)
		if (m->device[i].kind == BP_DEVICE_NET)
			return m->net[i].fd;
	return -1;
}

static long value_of(const struct machine *m, const char *word)
{
	static char buffer[4096];
	static struct iovec vector = {buffer, 512};
	struct vcpu_handles handles = {.fd = -1};
	const struct {
		const char *name;
		long value;
	} names[] = {
		{"vcpu",
		 (m->vcpu->ops->handles(m->vcpu, &handles), handles.fd)},
		{"guest", handles.pid},
		{"timer", one_cpu_timer()},
		{"self", getpid()},
		{"symbols", m->symbols.fd},
		{"disk0", m->device_count > 0 ? m->block[0].fd : -1},
		{"disk1", m->device_count > 1 ? m->block[1].fd : -1},
		{"net0", network(m)},
		{"buffer", (long)(intptr_t)buffer},
		{"vector", (long)(intptr_t)&vector},
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(word, names[i].name))
			return names[i].value;
	return (long)strtoull(word, NULL, 0);
}

static long call_32bit(long number, const long *arg)
{
	long result;

	__asm__ volatile("int	$0x80"
			 : "=a"(result)
			 : "0"(number), "b"(arg[0]), "c"(arg[1]), "d"(arg[2]),
			   "S"(arg[3]), "D"(arg[4])
			 : "memory", "r8", "r9", "r10", "r11");
	return result;
}

static long call(long number, const long *arg)
{
	register long r10 __asm__("r10") = arg[3];
	register long r8 __asm__("r8") = arg[4];
	register long r9 __asm__("r9") = arg[5];
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "0"(number), "D"(arg[0]), "S"(arg[1]), "d"(arg[2]),
			   "r"(r10), "r"(r8), "r"(r9)
			 : "memory", "rcx", "r11");
	return result;
}

void sandbox_probe(const struct machine *m)
{
	const char *text = getenv("HVT_PROBE");
	char words[256], said[64], *at = words, *word;
	long arg[ARGS_MAX + 1] = {0}, result;
	bool old = false;
	unsigned n = 0;

	if (!text)
		return;
	snprintf(words, sizeof(words), "%s", text);
	while (n <= ARGS_MAX && (word = strsep(&at, " "))) {
		if (!strcmp(word, "int80"))
			old = true;
		else
			arg[n++] = value_of(m, word);
	}
	result = old ? call_32bit(arg[0], arg + 1) : call(arg[0], arg + 1);
	snprintf(said, sizeof(said), "probe: %ld\n", result);
	log_write(said, strlen(said));
}
