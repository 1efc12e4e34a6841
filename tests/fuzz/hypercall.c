/* SPDX-License-Identifier: ISC */
/*
 * Hypercalls of any kind, on a vCPU that is none: the outcome, memory and disks
 * are what the model says. An input is a list of calls: its number, then one
 * byte for each argument, which chooses an edge, and one that shifts it.
 */
#include "hypercall_dispatch.h"

#include "fuzz_quiet.h"
#include "hypercall_model.h"

#define CALL_BYTES (1 + 2 * VCPU_CALL_ARGS)
#define CALLS_MAX  64

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count);

/* What the guest writes to the console is not to be seen among the fuzzer's. */
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	int err = dup(STDERR_FILENO);

	machine_init();
	fuzz_be_quiet(argc, argv);
	return dup2(err, STDERR_FILENO) < 0;
}

static uint64_t number_of(const uint8_t *at)
{
	static const uint64_t powers[] = {
		0,	    1ULL << 9,	1ULL << 12, 1ULL << 13, 1ULL << 31,
		1ULL << 32, 1ULL << 60, 1ULL << 62, 1ULL << 63, -4096ULL,
	};
	uint64_t shift = (uint64_t)(int8_t)at[1];

	if (at[0] < 128)
		return at[0] * PAGE / 4 + shift; /* in or near memory */
	return powers[(at[0] - 128) % COUNT_OF(powers)] + shift;
}

/* To memory that the guest can list segments in, before the call is made. */
static void write_list(const uint8_t *from, size_t count)
{
	size_t n = count < 2 * PAGE ? count : 2 * PAGE;

	if (!model_has(HEAP_GPA, n, GUEST_WRITE))
		return;
	memcpy(m.mem.base + HEAP_GPA, from, n);
	memcpy(model_mem + HEAP_GPA, from, n);
}

static void one_call(const uint8_t *at)
{
	struct vcpu_exit exit = {.kind = VCPU_CALL};
	struct call_result result = {0};
	struct expected e;
	unsigned number = at[0] % (BP_CALL_COUNT + 2);
	uint64_t *arg = exit.call.arg;
	enum call_outcome got;

	for (unsigned i = 0; i < VCPU_CALL_ARGS; i++)
		arg[i] = number_of(at + 1 + 2 * i);
	/* Those that wait, and those that the model does not know. */
	if (number == BP_CALL_WAIT || number == BP_CALL_NET_IO ||
	    number == BP_CALL_TICK || number == BP_CALL_UPCALL)
		return;
	exit.call.number = number;
	e = model_call(number, arg);
	results = 0;
	got = hypercall_dispatch(&m, &exit, &result);
	if (number == BP_CALL_RANDOM && got == CALL_DONE)
		memcpy(model_mem + arg[0], m.mem.base + arg[0], arg[1]);
	if (got != e.outcome || !result_is(&e))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
	bool same;

	for (unsigned n = 0; n < CALLS_MAX && count >= CALL_BYTES; n++) {
		write_list(bytes + CALL_BYTES, count - CALL_BYTES);
		one_call(bytes);
		bytes += CALL_BYTES;
		count -= CALL_BYTES;
	}
	same = !memcmp(m.mem.base, model_mem, ALL_BYTES);
	for (unsigned i = 0; i < DISKS; i++)
		same &= !memcmp(disk_map[i], model_disk[i], disks[i].bytes);
	if (!same)
		abort();
	return 0;
}
