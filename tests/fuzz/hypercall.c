/* SPDX-License-Identifier: ISC */
/*
 * Hypercalls of any kind, on a vCPU that is none and a host that is memory: the
 * outcome, memory and disks are what the model says. An input is a list of
 * calls: its number, then one byte for each argument, which chooses an edge,
 * and one that shifts it. What follows a call is also a list of segments, made
 * up likewise. Each input begins with the same machine.
 *
 * What the guest may never write to is write-protected, and needs no comparing.
 * The model tells nothing of what the tender does, so it is not traced.
 */
#include "hypercall_dispatch.h"

#pragma clang attribute push(__attribute__((no_sanitize("coverage"))), \
			     apply_to = function)

#include "event.h"
#include "fuzz_quiet.h"
#include "host_in_memory.h"
#include "hypercall_model.h"

#define CALL_BYTES (1 + 2 * VCPU_CALL_ARGS)
#define CALLS_MAX  32
#define LIST_BYTES 4
#define LIST_MAX   6

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count);

/* As machine_init() left them. */
static _Alignas(64) uint8_t first_mem[ALL_BYTES];
static _Alignas(64) uint8_t first_disk[DISKS][sizeof(model_disk[0])];

static void protect(void *start, uint64_t bytes)
{
	if (mprotect(start, bytes, PROT_READ))
		exit(1);
}

/* What the guest writes to the console is not to be seen among the fuzzer's. */
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static char length[] = "-max_len=384"; /* all calls, and a list */
	int err = dup(STDERR_FILENO);

	machine_init();
	memcpy(first_mem, model_mem, sizeof(first_mem));
	memcpy(first_disk, model_disk, sizeof(first_disk));
	for (uint64_t page = 0; page < ALL_BYTES / PAGE; page++)
		if (page >= BYTES / PAGE || !(model_policy[page] & GUEST_WRITE))
			protect(m.mem.base + page * PAGE, PAGE);
	for (unsigned i = 0; i < DISKS; i++)
		if (disks[i].read_only)
			protect(disk_map[i], disks[i].bytes);
	fuzz_be_quiet(argc, argv);
	fuzz_add_option(argc, argv, length);
	return dup2(err, STDERR_FILENO) < 0;
}

/*
 * Whether two ranges of pages or disks are the same: without memcmp(), as the
 * sanitizers would look at the shadow of each byte of both.
 */
__attribute__((no_sanitize("address", "undefined"))) static bool
is_same(const void *left, const void *right, size_t bytes)
{
	uint64_t __attribute__((vector_size(64))) differs = {0};
	const __typeof__(differs) *a = left, *b = right;

	for (size_t i = 0; i < bytes / sizeof(*a); i++)
		differs |= a[i] ^ b[i];
	for (unsigned i = 1; i < sizeof(differs) / sizeof(differs[0]); i++)
		differs[0] |= differs[i];
	return !differs[0];
}

/* Whether @got is @model; if so, both become @first. */
static bool same_again(uint8_t *got, uint8_t *model, const uint8_t *first,
		       size_t bytes)
{
	if (!is_same(got, model, bytes))
		return false;
	if (!is_same(got, first, bytes)) {
		memcpy(got, first, bytes);
		memcpy(model, first, bytes);
	}
	return true;
}

static bool check_world(void)
{
	bool same = true;

	for (uint64_t at = 0; at < BYTES; at += PAGE)
		if (model_policy[at / PAGE] & GUEST_WRITE)
			same &= same_again(m.mem.base + at, model_mem + at,
					   first_mem + at, PAGE);
	for (unsigned i = 0; i < DISKS; i++)
		if (!disks[i].read_only)
			same &= same_again(disk_map[i], model_disk[i],
					   first_disk[i], disks[i].bytes);
	return same;
}

/* Takes back what calls did to anything but memory and disks. */
static void machine_reset(void)
{
	for (unsigned i = 0; i < COUNT_OF(regions); i++) {
		const struct guest_region *r = &regions[i];

		if (guest_mem_restrict(&m.mem, r->start, r->end, r->access))
			abort();
	}
	memcpy(model_access, model_policy, sizeof(model_access));
	m.upcall = (struct upcall_target){0};
	event_want_signals(false);
}

/* Of the first byte, three bits choose the kind and the others a distance. */
static uint64_t number_of(const uint8_t *at)
{
	static const uint64_t distance[] = {
		0, 0,	  0,  0,      0,   1,	-1ULL,
		8, -8ULL, 16, -16ULL, 511, 512, -512ULL,
	};
	static const uint64_t powers[] = {
		1ULL << 31, 1ULL << 32, 1ULL << 60, 1ULL << 62, 1ULL << 63, 0,
	};
	uint64_t d = distance[(at[0] >> 3) % COUNT_OF(distance)];

	switch (at[0] & 7) {
	case 0: /* numbers of devices, operations, entries */
	case 1:
		return at[1] % 8;
	case 2: /* bits, counts */
		return (at[0] >> 3) % 2 * 256 + at[1];
	case 3: /* blocks */
		return at[1] % 64 * 512 + d;
	case 4:
		return at[1] % (ALL_BYTES / PAGE + 1) * PAGE + d;
	case 5:
		return powers[at[1] % COUNT_OF(powers)] + d;
	default:
		return HEAP_GPA + at[1] * 16;
	}
}

/* To memory that the guest can list segments in, before the call is made. */
static void write_list(const uint8_t *from, size_t count)
{
	struct bp_segment list[LIST_MAX];
	unsigned n = 0;

	for (; n < LIST_MAX && count >= LIST_BYTES; n++) {
		list[n].gpa = number_of(from);
		list[n].bytes = number_of(from + 2);
		from += LIST_BYTES;
		count -= LIST_BYTES;
	}
	if (!model_has(HEAP_GPA, n * sizeof(list[0]), GUEST_WRITE))
		return;
	memcpy(m.mem.base + HEAP_GPA, list, n * sizeof(list[0]));
	memcpy(model_mem + HEAP_GPA, list, n * sizeof(list[0]));
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
	for (unsigned n = 0; n < CALLS_MAX && count >= CALL_BYTES; n++) {
		write_list(bytes + CALL_BYTES, count - CALL_BYTES);
		one_call(bytes);
		bytes += CALL_BYTES;
		count -= CALL_BYTES;
	}
	if (!check_world())
		abort();
	machine_reset();
	return 0;
}

#pragma clang attribute pop
