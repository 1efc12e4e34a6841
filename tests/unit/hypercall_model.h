/* SPDX-License-Identifier: ISC */
/*
 * A machine without a vCPU, and a model of what hypercalls do to it, written
 * from hypercall.h: memory and disks, and who may touch which byte.
 */
#ifndef HYPERCALL_MODEL_H
#define HYPERCALL_MODEL_H

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "event.h"
#include "hypercall.h"
#include "hypercall_dispatch.h"
#include "machine.h"
#include "memory_map.h"
#include "tap.h"
#include "upcall.h"

#define PAGE	  BP_PAGE_BYTES
#define BYTES	  (16 * PAGE)
#define ALL_BYTES (BYTES + 2 * PAGE) /* with page tables */
#define HEAP_GPA  (8 * PAGE)
#define TEXT_GPA  (5 * PAGE)
#define DEVICES	  4u
#define DISKS	  3u /* the fourth device is none */

static const struct guest_region regions[] = {
	{4 * PAGE, 5 * PAGE, GUEST_READ},
	{5 * PAGE, 6 * PAGE, GUEST_READ | GUEST_EXEC},
	{6 * PAGE, 7 * PAGE, GUEST_READ},
	{8 * PAGE, 10 * PAGE, GUEST_READ | GUEST_WRITE},
	{11 * PAGE, 13 * PAGE, GUEST_READ | GUEST_WRITE},
	{14 * PAGE, 15 * PAGE, GUEST_READ},
};

static const struct {
	uint64_t bytes;
	uint32_t block;
	bool read_only;
} disks[DISKS] = {
	{8192, 512, false},
	{8192, 512, true},
	{16384, 4096, false},
};

static struct machine m;
static uint8_t *disk_map[DISKS];

/* The model: what memory and disks hold, and who may touch a page. */
static _Alignas(64) uint8_t model_mem[ALL_BYTES];
static _Alignas(64) uint8_t model_disk[DISKS][16384];
static uint8_t model_access[BYTES / PAGE];
static uint8_t model_policy[BYTES / PAGE];

static unsigned results;
static uint64_t last_result;
static uint64_t mapped[3];  /* what ->map was last told */
static uint64_t entered[3]; /* what ->enter was last told */

static inline void fake_set_result(struct vcpu *vcpu, uint64_t result)
{
	(void)vcpu;
	results++;
	last_result = result;
}

static inline int fake_set_tls(struct vcpu *vcpu, uint64_t address)
{
	(void)vcpu, (void)address;
	return 0;
}

static inline int fake_map(struct vcpu *vcpu, uint64_t start, uint64_t end,
			   unsigned access)
{
	(void)vcpu;
	mapped[0] = start;
	mapped[1] = end;
	mapped[2] = access;
	return 0;
}

static inline void fake_kick(struct vcpu *vcpu)
{
	(void)vcpu;
}

static inline int fake_interrupted(struct vcpu *vcpu,
				   struct bp_upcall_frame *frame)
{
	(void)vcpu;
	frame->rip = 42;
	return 0;
}

static inline int fake_enter(struct vcpu *vcpu, uint64_t pc, uint64_t sp,
			     uint64_t arg)
{
	(void)vcpu;
	entered[0] = pc;
	entered[1] = sp;
	entered[2] = arg;
	return 0;
}

static const struct vcpu_ops fake_ops = {
	.name = "fake",
	.set_result = fake_set_result,
	.set_tls = fake_set_tls,
	.map = fake_map,
	.interrupted = fake_interrupted,
	.enter = fake_enter,
	.kick = fake_kick,
};

static inline void redirect(int fd, const char *path, int flags)
{
	int to = open(path, flags);

	if (to < 0 || dup2(to, fd) < 0)
		exit(1);
	close(to);
}

static inline void open_disk(unsigned i, uint64_t *seed)
{
	struct block_dev *dev = &m.block[i];

	dev->fd = memfd_create("disk", MFD_CLOEXEC);
	dev->read_only = disks[i].read_only;
	dev->block_bytes = disks[i].block;
	dev->capacity_bytes = disks[i].bytes;
	m.device[i].kind = BP_DEVICE_BLOCK;
	if (dev->fd < 0 || ftruncate(dev->fd, (off_t)disks[i].bytes))
		exit(1);
	disk_map[i] = mmap(NULL, disks[i].bytes, PROT_READ | PROT_WRITE,
			   MAP_SHARED, dev->fd, 0);
	if (disk_map[i] == MAP_FAILED)
		exit(1);
	for (uint64_t at = 0; at < disks[i].bytes; at++)
		disk_map[i][at] = (uint8_t)random_next(seed);
	memcpy(model_disk[i], disk_map[i], disks[i].bytes);
}

static inline void machine_init(void)
{
	static struct vcpu vcpu = {.ops = &fake_ops};
	uint64_t seed = 7;

	m.image_name = "test";
	m.vcpu = &vcpu;
	if (guest_mem_init(&m.mem, BYTES, ALL_BYTES - BYTES))
		exit(1);
	for (unsigned i = 0; i < COUNT_OF(regions); i++) {
		const struct guest_region *r = &regions[i];

		if (guest_mem_add_region(&m.mem, r->start, r->end, r->access))
			exit(1);
		memset(model_access + r->start / PAGE, (int)r->access,
		       (r->end - r->start) / PAGE);
	}
	memcpy(model_policy, model_access, sizeof(model_policy));
	for (unsigned at = 0; at < ALL_BYTES; at++)
		m.mem.base[at] = (uint8_t)random_next(&seed);
	memcpy(model_mem, m.mem.base, ALL_BYTES);
	for (unsigned i = 0; i < DISKS; i++)
		open_disk(i, &seed);
	m.device_count = DEVICES;
	redirect(STDIN_FILENO, "/dev/zero", O_RDONLY);
	redirect(STDOUT_FILENO, "/dev/null", O_WRONLY);
	redirect(STDERR_FILENO, "/dev/null", O_WRONLY);
	signal(SIGPIPE, SIG_IGN);
	if (event_begin(&vcpu))
		exit(1);
}

static inline bool model_has(uint64_t gpa, uint64_t bytes, unsigned access)
{
	if (gpa >= BYTES || bytes > BYTES - gpa)
		return false;
	/* Each page that a byte of it is in; of an empty one, the first. */
	for (uint64_t at = gpa; at < gpa + (bytes ? bytes : 1);
	     at = (at / PAGE + 1) * PAGE)
		if (!(model_access[at / PAGE] & access))
			return false;
	return true;
}

/* What the model expects of a call. */
struct expected {
	enum call_outcome outcome;
	uint32_t statuses; /* bit n: bp_status n may be refused with */
	int64_t value;	   /* where nothing is refused */
};

static inline struct expected violation(void)
{
	return (struct expected){.outcome = CALL_VIOLATION};
}

static inline struct expected value(int64_t n)
{
	return (struct expected){.outcome = CALL_DONE, .value = n};
}

/* The statuses that a range of a disk allows; none: it is carried out. */
static uint32_t model_range(unsigned disk, bool write, uint64_t offset,
			    uint64_t bytes)
{
	uint64_t block = disks[disk].block, all = disks[disk].bytes;
	uint32_t statuses = 0;

	if (offset % block || bytes % block || !bytes)
		statuses |= 1u << BP_INVALID;
	if (offset > all || bytes > all - offset)
		statuses |= 1u << BP_RANGE;
	if (write && disks[disk].read_only)
		statuses |= 1u << BP_READ_ONLY;
	return statuses;
}

static inline struct expected model_transfer(unsigned disk, bool write,
					     const uint64_t *arg)
{
	struct bp_segment list[BP_MAX_SEGMENTS];
	struct expected e = value(0);
	uint64_t bytes = 0, at = arg[2], count = arg[4];

	if (count > BP_MAX_SEGMENTS ||
	    !model_has(arg[3], count * sizeof(list[0]), GUEST_READ))
		return violation();
	memcpy(list, model_mem + arg[3], count * sizeof(list[0]));
	for (unsigned i = 0; i < count; i++) {
		if (!model_has(list[i].gpa, list[i].bytes,
			       write ? GUEST_READ : GUEST_WRITE))
			return violation();
		bytes += list[i].bytes;
	}
	e.statuses = model_range(disk, write, at, bytes);
	for (unsigned i = 0; i < count && !e.statuses; i++) {
		if (write)
			memcpy(model_disk[disk] + at, model_mem + list[i].gpa,
			       list[i].bytes);
		else
			memcpy(model_mem + list[i].gpa, model_disk[disk] + at,
			       list[i].bytes);
		at += list[i].bytes;
	}
	return e;
}

static inline struct expected model_block(const uint64_t *arg)
{
	struct expected e = value(0);
	unsigned disk = (unsigned)arg[0];

	if (arg[0] >= DISKS)
		return violation();
	switch (arg[1]) {
	case BP_BLOCK_READ:
	case BP_BLOCK_WRITE:
		return model_transfer(disk, arg[1] == BP_BLOCK_WRITE, arg);
	case BP_BLOCK_FLUSH:
		return e;
	case BP_BLOCK_DISCARD:
		e.statuses = model_range(disk, true, arg[2], arg[3]);
		if (!e.statuses)
			memset(model_disk[disk] + arg[2], 0, arg[3]);
		return e;
	default:
		return violation();
	}
}

static inline struct expected model_map(const uint64_t *arg)
{
	uint64_t start = arg[0], bytes = arg[1], access = arg[2] & 7;
	struct expected e = value(0);
	unsigned policy = 7;

	if (arg[2] & ~0x107ULL || !bytes || start % PAGE || bytes % PAGE ||
	    bytes > BYTES || start > BYTES - bytes)
		return violation();
	for (uint64_t at = start; at < start + bytes; at += PAGE) {
		if (!model_policy[at / PAGE])
			return violation();
		policy &= model_policy[at / PAGE];
	}
	if (access & ~policy || (access && !(access & GUEST_READ)) ||
	    (arg[2] & 0x100 && !(policy & GUEST_WRITE))) {
		e.statuses = 1u << BP_INVALID;
		return e;
	}
	memset(model_access + start / PAGE, (int)access, bytes / PAGE);
	if (arg[2] & 0x100)
		memset(model_mem + start, 0, bytes);
	return e;
}

static inline bool model_upcall(const uint64_t *arg)
{
	return !arg[0] ||
	       (!(arg[3] & ~0xeULL) && model_has(arg[0], 1, GUEST_EXEC) &&
		!(arg[1] % 8) && model_has(arg[1], 184, GUEST_READ) &&
		model_has(arg[1], 184, GUEST_WRITE));
}

static inline struct expected model_call(unsigned number, const uint64_t *arg)
{
	const uint64_t ready = BP_WAIT_CONSOLE | ((1u << DEVICES) - 1);

	switch (number) {
	case BP_CALL_EXIT:
		return (struct expected){.outcome = CALL_EXIT};
	case BP_CALL_CONSOLE_WRITE:
		return (arg[0] == 1 || arg[0] == 2) &&
				       model_has(arg[1], arg[2], GUEST_READ)
			       ? value((int64_t)arg[2])
			       : violation();
	case BP_CALL_CONSOLE_READ: /* of zeros without end */
		if (!model_has(arg[0], arg[1], GUEST_WRITE))
			return violation();
		memset(model_mem + arg[0], 0, arg[1]);
		return value((int64_t)arg[1]);
	case BP_CALL_CLOCK_WALL:
		return value(INT64_MAX); /* some time */
	case BP_CALL_RANDOM:
		return model_has(arg[0], arg[1], GUEST_WRITE) ? value(0)
							      : violation();
	case BP_CALL_WAIT:
		return arg[1] & ~ready ? violation() : value((int64_t)arg[1]);
	case BP_CALL_BLOCK_IO:
		return model_block(arg);
	case BP_CALL_SET_TLS:
		return arg[0] < BYTES ? value(0) : violation();
	case BP_CALL_MAP:
		return model_map(arg);
	case BP_CALL_UPCALL:
		return model_upcall(arg) ? value(0) : violation();
	case BP_CALL_TICK:
		return value(0);
	default:
		return violation();
	}
}

static inline bool result_is(const struct expected *e)
{
	int64_t got = (int64_t)last_result;

	if (e->outcome != CALL_DONE)
		return results == 0;
	if (results != 1)
		return false;
	if (e->statuses)
		return got < 0 && got > -BP_STATUS_COUNT &&
		       e->statuses & 1u << -got;
	return e->value == INT64_MAX ? got > 0 : got == e->value;
}

#endif
