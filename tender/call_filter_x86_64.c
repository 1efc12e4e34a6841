/* SPDX-License-Identifier: ISC */
/*
 * Seccomp filters, as programs of classic BPF (the kernel's
 * Documentation/userspace-api/seccomp_filter.rst and networking/filter.rst).
 *
 * A rule is a block: it loads the call's number and leaves to the next block
 * when that is another or an argument is not what it must be; else it ends in
 * "allow". Behind the last block all the rest is killed. Blocks know nothing of
 * each other, so that a rule can be read, and tested, by itself.
 */
#include "call_filter_x86_64.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

#define JUMP_MAX 255

static void put(struct call_filter *f, uint16_t code, uint32_t k, unsigned jt,
		unsigned jf)
{
	/* One place is left for the end. */
	if (f->length >= CALL_FILTER_LENGTH - 1 || jt > JUMP_MAX ||
	    jf > JUMP_MAX) {
		f->full = true;
		return;
	}
	f->code[f->length++] = (struct sock_filter){
		.code = code,
		.jt = (uint8_t)jt,
		.jf = (uint8_t)jf,
		.k = k,
	};
}

static void load(struct call_filter *f, size_t offset)
{
	put(f, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset, 0, 0);
}

static void jump_equal(struct call_filter *f, uint32_t k, unsigned jt,
		       unsigned jf)
{
	put(f, BPF_JMP | BPF_JEQ | BPF_K, k, jt, jf);
}

/* Instructions of one check; a wide one first looks at the upper half. */
static unsigned check_length(const struct call_check *c)
{
	return (c->wide ? 2 : 0) + 1 + c->count;
}

/* @next: instructions behind this check to where the next rule begins. */
static void put_check(struct call_filter *f, const struct call_check *c,
		      unsigned next)
{
	size_t at =
		offsetof(struct seccomp_data, args) + c->arg * sizeof(uint64_t);

	/* Of all values here the upper half is the same: they are small. */
	if (c->wide) {
		load(f, at + sizeof(uint32_t));
		jump_equal(f, (uint32_t)(c->value[0] >> 32), 0,
			   1 + c->count + next);
	}
	load(f, at);
	for (unsigned i = 0; i < c->count; i++) {
		unsigned left = c->count - 1 - i;

		if (c->wide && c->value[i] >> 32 != c->value[0] >> 32)
			f->full = true;
		jump_equal(f, (uint32_t)c->value[i], left, left ? 0 : next);
	}
}

void call_filter_begin(struct call_filter *f)
{
	f->full = false;
	f->length = 0;
	load(f, offsetof(struct seccomp_data, arch));
	jump_equal(f, AUDIT_ARCH_X86_64, 1, 0);
	put(f, BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS, 0, 0);
}

void call_filter_allow(struct call_filter *f, unsigned number,
		       const struct call_check *check, unsigned checks)
{
	unsigned next = 1; /* the block's own end */

	for (unsigned i = 0; i < checks; i++) {
		if (check[i].count == 0)
			return; /* nothing would pass */
		next += check_length(&check[i]);
	}
	load(f, offsetof(struct seccomp_data, nr));
	jump_equal(f, number, 0, next);
	for (unsigned i = 0; i < checks; i++) {
		next -= check_length(&check[i]);
		put_check(f, &check[i], next);
	}
	put(f, BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0);
}

int call_filter_install(struct call_filter *f)
{
	const struct sock_filter end =
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
	struct sock_fprog program = {.filter = f->code};

	if (f->full)
		return -E2BIG;
	f->code[f->length] = end;
	program.len = (unsigned short)(f->length + 1);
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) < 0)
		return -errno;
	return 0;
}
