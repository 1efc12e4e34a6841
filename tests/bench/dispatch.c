/* SPDX-License-Identifier: ISC */
/*
 * Hypercalls on a vCPU that is none, for counting what the tender does for
 * each: scripts/counts.sh asks callgrind for the instructions of the functions
 * repeat_NAME, each of which makes CALLS calls. Status 0 when none was refused.
 */
#include "../unit/hypercall_model.h"

#define CALLS 1000

void repeat_console_write(void);
void repeat_clock_wall(void);
void repeat_random(void);
void repeat_wait(void);
void repeat_block_read(void);
void repeat_block_write_16(void);
void repeat_map(void);

static unsigned refused;

static void call(unsigned number, uint64_t a, uint64_t b, uint64_t c,
		 uint64_t d, uint64_t e)
{
	struct vcpu_exit exit = {
		.kind = VCPU_CALL,
		.call = {.number = number, .arg = {a, b, c, d, e}},
	};
	struct call_result result;

	if (hypercall_dispatch(&m, &exit, &result) != CALL_DONE)
		refused++;
}

void repeat_console_write(void)
{
	for (unsigned i = 0; i < CALLS; i++)
		call(BP_CALL_CONSOLE_WRITE, 1, HEAP_GPA, 64, 0, 0);
}

void repeat_clock_wall(void)
{
	for (unsigned i = 0; i < CALLS; i++)
		call(BP_CALL_CLOCK_WALL, 0, 0, 0, 0, 0);
}

void repeat_random(void)
{
	for (unsigned i = 0; i < CALLS; i++)
		call(BP_CALL_RANDOM, HEAP_GPA, 16, 0, 0, 0);
}

/* Until a moment that is over. */
void repeat_wait(void)
{
	for (unsigned i = 0; i < CALLS; i++)
		call(BP_CALL_WAIT, 1, 0, 0, 0, 0);
}

static void set_list(unsigned count, uint64_t bytes)
{
	struct bp_segment *list =
		(struct bp_segment *)(void *)(m.mem.base + HEAP_GPA);

	for (unsigned i = 0; i < count; i++)
		list[i] = (struct bp_segment){HEAP_GPA + PAGE, bytes};
}

void repeat_block_read(void)
{
	set_list(1, PAGE);
	for (unsigned i = 0; i < CALLS; i++)
		call(BP_CALL_BLOCK_IO, 0, BP_BLOCK_READ, 0, HEAP_GPA, 1);
}

void repeat_block_write_16(void)
{
	set_list(16, 512);
	for (unsigned i = 0; i < CALLS; i++)
		call(BP_CALL_BLOCK_IO, 0, BP_BLOCK_WRITE, 0, HEAP_GPA, 16);
}

/* Takes a page's permissions and gives them back: half the calls each. */
void repeat_map(void)
{
	for (unsigned i = 0; i < CALLS; i++)
		call(BP_CALL_MAP, 11 * PAGE, PAGE,
		     i % 2 ? GUEST_READ | GUEST_WRITE : 0, 0, 0);
}

int main(void)
{
	machine_init();
	repeat_console_write();
	repeat_clock_wall();
	repeat_random();
	repeat_wait();
	repeat_block_read();
	repeat_block_write_16();
	repeat_map();
	return refused != 0;
}
