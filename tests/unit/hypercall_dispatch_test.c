/* SPDX-License-Identifier: ISC */
/*
 * Hypercalls against a model, on a vCPU that is none: for any number and any
 * arguments the outcome, the guest's memory and its disks are exactly what
 * the model says. All of memory is compared, so a byte that changed where the
 * guest has no access, or on a call that was refused, does not go unseen.
 */
#include "hypercall_dispatch.h"

#include <pthread.h>

#include "hypercall_model.h"
#include "interrupt.h"

/* ThreadSanitizer is for the race alone. */
#ifdef HVT_TSAN
#define RANDOM_CALLS 10000u
#else
#define RANDOM_CALLS 10000000u
#endif
#define RACE_CALLS 500000u

static void check_world(unsigned number, const uint64_t *arg)
{
	bool same = !memcmp(m.mem.base, model_mem, ALL_BYTES);

	for (unsigned i = 0; i < DISKS; i++)
		same &= !memcmp(disk_map[i], model_disk[i], disks[i].bytes);
	EXPECT(same,
	       "call %u (0x%llx, 0x%llx, 0x%llx, 0x%llx, 0x%llx) or one "
	       "shortly before: memory or a disk is not as it should be",
	       number, (unsigned long long)arg[0], (unsigned long long)arg[1],
	       (unsigned long long)arg[2], (unsigned long long)arg[3],
	       (unsigned long long)arg[4]);
	if (same)
		return;
	memcpy(model_mem, m.mem.base, ALL_BYTES);
	for (unsigned i = 0; i < DISKS; i++)
		memcpy(model_disk[i], disk_map[i], disks[i].bytes);
}

static void call(unsigned number, const uint64_t *arg)
{
	struct vcpu_exit exit = {.kind = VCPU_CALL, .call.number = number};
	struct call_result result;
	enum call_outcome got;
	struct expected e;

	/* The model goes first: a call may overwrite its own list. */
	e = model_call(number, arg);
	memcpy(exit.call.arg, arg, sizeof(exit.call.arg));
	memset(&result, 0x5a, sizeof(result));
	results = 0;
	got = hypercall_dispatch(&m, &exit, &result);
	if (number == BP_CALL_RANDOM && got == CALL_DONE)
		memcpy(model_mem + arg[0], m.mem.base + arg[0], arg[1]);
	EXPECT(got == e.outcome && result_is(&e),
	       "call %u (0x%llx, 0x%llx, 0x%llx, 0x%llx, 0x%llx): outcome %d, "
	       "%u results, %lld",
	       number, (unsigned long long)arg[0], (unsigned long long)arg[1],
	       (unsigned long long)arg[2], (unsigned long long)arg[3],
	       (unsigned long long)arg[4], got, results,
	       (long long)last_result);
	if (got == CALL_EXIT)
		EXPECT(result.exit_status == (int)(arg[0] & 0xff),
		       "exit status %d", result.exit_status);
	if (got == CALL_VIOLATION)
		EXPECT(memchr(result.what, 0, sizeof(result.what)) &&
			       result.what[0] && !strchr(result.what, '\n'),
		       "a violation without a line");
}

/* Whether a call would, rightly, block for long. */
static bool blocks(unsigned number, const uint64_t *arg)
{
	return number == BP_CALL_WAIT && !arg[1] && arg[0] > 1000;
}

static uint64_t edge_at(unsigned i)
{
	static const uint64_t numbers[] = {
		0,	    1,		2,
		3,	    4,		7,
		16,	    64,		65,
		255,	    256,	511,
		512,	    513,	8191,
		8192,	    16384,	1ULL << 31,
		1ULL << 32, 1ULL << 60, 1ULL << 63,
		-4096ULL,   -512ULL,	-16ULL,
		-1ULL,	    1ULL << 62, 1ULL << 62 | 15,
	};
	static const uint8_t pages[] = {1, 4, 5, 7, 8, 10, 11, 13, 14, 16, 18};

	if (i < COUNT_OF(numbers))
		return numbers[i];
	i -= (unsigned)COUNT_OF(numbers);
	return pages[i / 4 % COUNT_OF(pages)] * PAGE +
	       (uint64_t[]){-16ULL, -1ULL, 0, 1}[i % 4];
}

/* Gives everything back. */
static void map_all(void)
{
	for (unsigned i = 0; i < COUNT_OF(regions); i++) {
		const struct guest_region *r = &regions[i];
		uint64_t arg[VCPU_CALL_ARGS] = {r->start, r->end - r->start,
						r->access};

		call(BP_CALL_MAP, arg);
		EXPECT(mapped[0] == r->start && mapped[1] == r->end &&
			       mapped[2] == r->access,
		       "the vCPU was not told");
	}
}

#define EDGES (27u + 11u * 4u)

static void test_edges(void)
{
	static const unsigned numbers[] = {0, 1,  2,  3,  4,  5,  7,	8,
					   9, 10, 11, 31, 32, 64, 1000, -1u};
	uint64_t arg[VCPU_CALL_ARGS] = {0};

	for (unsigned n = 0; n < COUNT_OF(numbers); n++) {
		/* How many have three. */
		unsigned third = numbers[n] == BP_CALL_CONSOLE_WRITE ||
						 numbers[n] == BP_CALL_MAP
					 ? EDGES
					 : 1;

		for (unsigned i = 0; i < EDGES * EDGES * third; i++) {
			arg[0] = edge_at(i % EDGES);
			arg[1] = edge_at(i / EDGES % EDGES);
			arg[2] = edge_at(i / EDGES / EDGES);
			if (blocks(numbers[n], arg))
				continue;
			call(numbers[n], arg);
			if (i % 8 == 0)
				check_world(numbers[n], arg);
		}
		check_world(numbers[n], arg);
		map_all();
	}
	promise("every call but block_io, with every edge as any argument, "
		"does what the model does");
}

static void put_list(uint64_t gpa, const struct bp_segment *list,
		     unsigned count)
{
	memcpy(m.mem.base + gpa, list, count * sizeof(*list));
	memcpy(model_mem + gpa, list, count * sizeof(*list));
}

static void test_block_edges(void)
{
	static const uint64_t device[] = {0, 1, 2, 3, 4, 1ULL << 32, -1ULL};
	static const uint64_t op[] = {0, 1, 2, 3, 4, 1ULL << 32, -1ULL};
	static const uint64_t offset[] = {0,	      511,     512,   4096,
					  7680,	      8192,    12288, 16384,
					  1ULL << 63, -512ULL, -1ULL};
	static const uint64_t count[] = {0, 1, 2, 3, 64, 65, 1ULL << 60, -1ULL};
	struct bp_segment list[3] = {{HEAP_GPA + PAGE, 512},
				     {HEAP_GPA + PAGE + 512, 512},
				     {HEAP_GPA + PAGE + 1024, 3072}};
	uint64_t arg[VCPU_CALL_ARGS];

	for (unsigned i = 0; i < 7 * 7 * 11; i++)
		for (unsigned j = 0; j < 8 * EDGES; j++) {
			put_list(HEAP_GPA, list, 3);
			arg[0] = device[i % 7];
			arg[1] = op[i / 7 % 7];
			arg[2] = offset[i / 49];
			arg[3] = edge_at(j / 8);
			arg[4] = count[j % 8];
			call(BP_CALL_BLOCK_IO, arg);
			if (j % 8 == 7)
				check_world(BP_CALL_BLOCK_IO, arg);
		}
	promise("block_io, with every edge as any argument, does what the "
		"model does");
}

static uint64_t pick(uint64_t *seed)
{
	uint64_t r = random_next(seed);

	switch (r % 8) {
	case 0:
		return random_next(seed);
	case 1:
		return r >> 8 & 0xff;
	case 2:
		return (r >> 8) % BYTES;
	case 3:
		return HEAP_GPA + (r >> 8) % (2 * PAGE);
	case 4:
		return (r >> 8) % 40 * 512;
	default:
		return edge_at((unsigned)(r >> 8) % EDGES);
	}
}

/* A segment list that is mostly good, at a place that is. */
static void random_list(uint64_t *seed, uint64_t *arg)
{
	struct bp_segment list[4];
	uint64_t r = random_next(seed);

	arg[0] = r & 3;
	arg[1] = r >> 2 & 1;
	arg[2] = (r >> 3) % 18 * 512;
	arg[3] = HEAP_GPA + (r >> 16) % (2 * PAGE - sizeof(list));
	arg[4] = r >> 40 & 3;
	for (unsigned i = 0; i < 4; i++) {
		r = random_next(seed);
		list[i].gpa = HEAP_GPA + (r >> 16) % (6 * PAGE);
		list[i].bytes = r % 8 * 512;
		if (r >> 56 == 0)
			list[i].gpa = pick(seed);
		if (r >> 56 == 1)
			list[i].bytes = pick(seed);
	}
	put_list(arg[3], list, 4);
}

/* Mostly good in three of its arguments. */
static void random_upcall(uint64_t *seed, uint64_t *arg)
{
	uint64_t r = random_next(seed);

	if (r & 7)
		arg[0] = TEXT_GPA + (r >> 8) % PAGE;
	if (r >> 3 & 7)
		arg[1] = HEAP_GPA + (r >> 20) % (2 * PAGE) / 8 * 8;
	if (r >> 6 & 3)
		arg[3] &= 0xe;
}

/* Pages of the heap or of anything, with some access. */
static void random_map(uint64_t *seed, uint64_t *arg)
{
	uint64_t r = random_next(seed);

	if (r & 7) {
		arg[0] = (r & 8 ? 8 : (r >> 8) % 17) * PAGE;
		arg[1] = (1 + (r >> 16) % 3) * PAGE;
	}
	if (r >> 4 & 7)
		arg[2] = (r >> 24) % 8 | (r >> 32) % 4 / 3 * BP_MAP_RELEASE;
}

static void test_random(void)
{
	uint64_t arg[VCPU_CALL_ARGS], seed = 99;

	for (unsigned i = 0; i < RANDOM_CALLS; i++) {
		unsigned number = (unsigned)(random_next(&seed) % 13);

		if (i % 16 == 0)
			map_all();
		for (unsigned j = 0; j < VCPU_CALL_ARGS; j++)
			arg[j] = pick(&seed);
		if (number == BP_CALL_UPCALL)
			random_upcall(&seed, arg);
		if (number == BP_CALL_MAP)
			random_map(&seed, arg);
		if (number >= 11) {
			number = BP_CALL_BLOCK_IO;
			random_list(&seed, arg);
		} else if (number == 0 && arg[1] % 2) {
			number = (unsigned)arg[2];
		}
		if (blocks(number, arg))
			continue;
		call(number, arg);
		if (i % 32 == 0)
			check_world(number, arg);
	}
	check_world(0, arg);
	map_all();
	promise("ten million random calls do what the model does");
}

static _Atomic bool race_over;

/* Turns a segment between the heap and the text, as fast as it goes. */
static void *race(void *arg)
{
	_Atomic uint64_t *gpa = arg;

	while (!race_over) {
		*gpa = TEXT_GPA;
		*gpa = 2 * PAGE;
		*gpa = HEAP_GPA + PAGE;
	}
	return NULL;
}

static void test_race(void)
{
	struct bp_segment list = {HEAP_GPA + PAGE, 512};
	uint64_t arg[VCPU_CALL_ARGS] = {0, BP_BLOCK_READ, 0, HEAP_GPA, 1};
	struct vcpu_exit exit = {.kind = VCPU_CALL,
				 .call.number = BP_CALL_BLOCK_IO};
	unsigned seen[CALL_FAILED + 1] = {0};
	struct call_result result;
	pthread_t thread;

	put_list(HEAP_GPA, &list, 1);
	memcpy(exit.call.arg, arg, sizeof(arg));
	if (pthread_create(&thread, NULL, race, m.mem.base + HEAP_GPA))
		_exit(1);
	for (unsigned i = 0; i < RACE_CALLS; i++)
		seen[hypercall_dispatch(&m, &exit, &result)]++;
	race_over = true;
	if (pthread_join(thread, NULL))
		_exit(1);
	memcpy(model_mem + HEAP_GPA, m.mem.base + HEAP_GPA, 2 * PAGE);
	check_world(BP_CALL_BLOCK_IO, arg);
	EXPECT(seen[CALL_DONE] && seen[CALL_VIOLATION] &&
		       seen[CALL_DONE] + seen[CALL_VIOLATION] == RACE_CALLS,
	       "%u done, %u violations", seen[CALL_DONE], seen[CALL_VIOLATION]);
	promise("a list that changes while it is read never reaches memory "
		"the guest cannot write");
}

static enum call_outcome plain(unsigned number, uint64_t a, uint64_t b,
			       uint64_t c)
{
	struct vcpu_exit exit = {.kind = VCPU_CALL,
				 .call = {number, {a, b, c, 0, 0}}};
	struct call_result result;

	return hypercall_dispatch(&m, &exit, &result);
}

static void expect_status(enum call_outcome outcome, int64_t want,
			  const char *what)
{
	EXPECT(outcome == CALL_DONE && (int64_t)last_result == want,
	       "%s: outcome %d, %lld", what, outcome, (long long)last_result);
}

static void test_console_status(void)
{
	int fds[2];

	if (pipe(fds))
		exit(1);
	dup2(fds[0], STDIN_FILENO);
	expect_status(plain(BP_CALL_CONSOLE_READ, HEAP_GPA, 16, 0), -BP_AGAIN,
		      "no input yet");
	expect_status(plain(BP_CALL_WAIT, 1000, BP_WAIT_CONSOLE, 0), 0,
		      "waiting for input");
	close(fds[1]);
	expect_status(plain(BP_CALL_CONSOLE_READ, HEAP_GPA, 16, 0), 0,
		      "end of input");
	expect_status(plain(BP_CALL_WAIT, BP_WAIT_FOREVER, BP_WAIT_CONSOLE, 0),
		      (int64_t)BP_WAIT_CONSOLE, "waiting at its end");
	close(fds[0]);
	redirect(STDIN_FILENO, "/dev/null", O_WRONLY);
	expect_status(plain(BP_CALL_CONSOLE_READ, HEAP_GPA, 16, 0), -BP_IO,
		      "input that cannot be read");
	if (pipe(fds))
		exit(1);
	dup2(fds[1], STDOUT_FILENO);
	close(fds[0]);
	close(fds[1]);
	expect_status(plain(BP_CALL_CONSOLE_WRITE, 1, HEAP_GPA, 16), -BP_CLOSED,
		      "output nobody reads");
	redirect(STDERR_FILENO, "/dev/full", O_WRONLY);
	expect_status(plain(BP_CALL_CONSOLE_WRITE, 2, HEAP_GPA, 16),
		      -BP_NO_SPACE, "output to a full device");
	redirect(STDIN_FILENO, "/dev/zero", O_RDONLY);
	promise("what the host says of the console becomes a status");
}

/* Last: from here on the time limit has passed. */
static void test_time_limit(void)
{
	char full[65536] = {0};
	int fds[2];

	if (pipe(fds) || dup2(fds[1], STDOUT_FILENO) < 0 ||
	    write(STDOUT_FILENO, full, sizeof(full)) < 0 ||
	    interrupt_arm(m.vcpu, 10000))
		exit(1);
	EXPECT(plain(BP_CALL_CONSOLE_WRITE, 1, HEAP_GPA, PAGE) == CALL_STOPPED,
	       "console_write goes on");
	EXPECT(plain(BP_CALL_WAIT, BP_WAIT_FOREVER, 0, 0) == CALL_STOPPED,
	       "wait goes on");
	EXPECT(plain(BP_CALL_WAIT, UINT64_MAX - 1, 0, 0) == CALL_STOPPED,
	       "a long wait goes on");
	promise("the time limit stops a call that blocks");
}

int main(void)
{
	tap_file = fdopen(dup(STDOUT_FILENO), "w");
	if (!tap_file)
		return 1;
	machine_init();
	test_edges();
	test_block_edges();
	test_random();
	test_race();
	test_console_status();
	test_time_limit();
	return promises_end();
}
