/* SPDX-License-Identifier: ISC */
/*
 * Traps: from an exception in ring 3 to a report of the tender.
 *
 * THEORY OF OPERATION
 * Guest code has no way to handle an exception. The IDT leads to a stub in
 * ring 0 that completes the frame on the trap stack (error code, vector) and
 * leaves the VM by an `out` to TRAP_PORT. It changes no register, so the
 * tender sees the guest's own. Ring-0 code is kept this short because some
 * hosts interpret it, at half a microsecond an instruction.
 *
 * Two mechanisms open the hypercall ports to ring 3, as some hypervisors
 * honour only one: the TSS bitmap, which opens just these, and IOPL 3, which
 * opens all. A report is believed only when it comes from a stub's address.
 */
#include "trap_x86_64.h"

#include <signal.h>
#include <stddef.h>
#include <string.h>

#include "guest_memory.h"
#include "hypercall.h"
#include "upcall.h"
#include "vcpu.h"

#define VECTORS	   32
#define STUB_BYTES 8ULL
#define GATE_BYTES 16ULL
#define TSS_BYTES  0x68 /* 64-bit TSS, Intel SDM volume 3, 7.7 */

#define INSTRUCTION_MAX 15 /* bytes */

#define VECTOR_DB 1
#define VECTOR_BP 3
#define VECTOR_GP 13
#define VECTOR_PF 14

/* Vectors for which the CPU pushes an error code (SDM volume 3, 6.13). */
#define ERROR_CODE_VECTORS                                                \
	(1u << 8 | 1u << 10 | 1u << 11 | 1u << 12 | 1u << 13 | 1u << 14 | \
	 1u << 17 | 1u << 21 | 1u << 29 | 1u << 30)

#define PORT_LIMIT                                                \
	(BP_PORT_BASE + BP_PORT_COUNT + 3) /* out is 4 bytes wide \
					    */

_Static_assert(TSS_BYTES + PORT_LIMIT / 8 + 2 <= TRAP_TSS_BYTES,
	       "the I/O bitmap fits");
_Static_assert(TRAP_TSS_GPA + TRAP_TSS_BYTES <= TRAP_IDT_GPA, "no overlap");
_Static_assert(VECTORS *GATE_BYTES == TRAP_IDT_BYTES, "the IDT fits");

static void *supervisor_page(struct guest_mem *mem, uint64_t gpa)
{
	return mem->base + gpa; /* below every region: no guest address */
}

static void put64(uint8_t *at, uint64_t value)
{
	memcpy(at, &value, sizeof(value));
}

/* SDM volume 3, 3.4.5: flat 64-bit code and data, accessed bits set. */
static void write_gdt(uint8_t *gdt)
{
	uint64_t tss = TRAP_TSS_GPA, limit = TRAP_TSS_BYTES - 1;

	put64(gdt + 0x08, 0x00af9b000000ffffULL); /* ring-0 code */
	put64(gdt + 0x10, 0x00cf93000000ffffULL); /* ring-0 data */
	put64(gdt + 0x28, 0x00cff3000000ffffULL); /* ring-3 data */
	put64(gdt + 0x30, 0x00affb000000ffffULL); /* ring-3 code */
	put64(gdt + 0x38, limit | (tss & 0xffffff) << 16 | 0x8bULL << 40 |
				  (tss >> 24 & 0xff) << 56); /* busy TSS */
	put64(gdt + 0x40, tss >> 32);
}

static void write_tss(uint8_t *tss)
{
	uint16_t bitmap = TSS_BYTES;

	put64(tss + 4, TRAP_STACK_GPA + BP_PAGE_BYTES); /* RSP0 */
	memcpy(tss + 102, &bitmap, sizeof(bitmap));
	memset(tss + TSS_BYTES, 0xff, TRAP_TSS_BYTES - TSS_BYTES);
	for (unsigned port = BP_PORT_BASE; port < PORT_LIMIT; port++)
		tss[TSS_BYTES + port / 8] &= (uint8_t) ~(1u << port % 8);
}

static void write_gate(uint8_t *idt, unsigned vector)
{
	uint64_t stub = TRAP_STUBS_GPA + vector * STUB_BYTES;
	uint64_t dpl =
		vector == VECTOR_BP ? 3 : 0; /* `int3` is for ring 3 too */

	put64(idt + vector * GATE_BYTES,
	      (stub & 0xffff) | TRAP_SELECTOR_KERNEL_CODE << 16 |
		      (0x8eULL | dpl << 5) << 40 | (stub >> 16 & 0xffff) << 48);
	put64(idt + vector * GATE_BYTES + 8, stub >> 32);
}

static void write_stub(uint8_t *stubs, unsigned vector)
{
	uint8_t *at = stubs + vector * STUB_BYTES;

	if (!(ERROR_CODE_VECTORS & 1u << vector)) {
		*at++ = 0x6a; /* push $0 */
		*at++ = 0;
	}
	*at++ = 0x6a; /* push $vector */
	*at++ = (uint8_t)vector;
	*at++ = 0xe7; /* out %eax, $TRAP_PORT */
	*at++ = TRAP_PORT;
	*at++ = 0xf4; /* hlt: not reached */
}

static void write_writer(uint8_t *at)
{
	static const uint8_t code[] = {
		0xf3, 0x48,	 0xa5, /* rep movsq */
		0x0f, 0x20,	 0xd8, /* mov %cr3, %rax */
		0x0f, 0x22,	 0xd8, /* mov %rax, %cr3 */
		0xe7, TRAP_PORT,       /* out %eax, $TRAP_PORT */
		0xf4,		       /* hlt: not reached */
	};

	_Static_assert(TRAP_WRITER_GPA + sizeof(code) - 3 == TRAP_WRITER_END,
		       "where the `out` is");
	memcpy(at, code, sizeof(code));
}

void trap_pages_write(struct guest_mem *mem)
{
	uint8_t *idt = supervisor_page(mem, TRAP_IDT_GPA);
	uint8_t *stubs = supervisor_page(mem, TRAP_STUBS_GPA);

	write_gdt(supervisor_page(mem, TRAP_GDT_GPA));
	write_tss(supervisor_page(mem, TRAP_TSS_GPA));
	write_writer(supervisor_page(mem, TRAP_WRITER_GPA));
	for (unsigned vector = 0; vector < VECTORS; vector++) {
		write_gate(idt, vector);
		write_stub(stubs, vector);
	}
}

void *trap_list(struct guest_mem *mem)
{
	return supervisor_page(mem, TRAP_LIST_GPA);
}

bool trap_is_stub(uint64_t rip)
{
	return rip >= TRAP_STUBS_GPA && rip - TRAP_STUBS_GPA < BP_PAGE_BYTES;
}

bool trap_frame_read(const struct guest_mem *mem, uint64_t rsp,
		     struct trap_frame *frame)
{
	if (rsp < TRAP_STACK_GPA ||
	    rsp > TRAP_STACK_GPA + BP_PAGE_BYTES - sizeof(*frame))
		return false;
	memcpy(frame, mem->base + rsp, sizeof(*frame));
	return true;
}

static const struct {
	int signal;
	const char *what;
} exceptions[VECTORS] = {
	[0] = {SIGFPE, "division by zero or overflow"},
	[VECTOR_DB] = {SIGTRAP, "debug exception"},
	[VECTOR_BP] = {SIGTRAP, "breakpoint"},
	[4] = {SIGSEGV, "overflow"},
	[5] = {SIGSEGV, "bound range exceeded"},
	[6] = {SIGILL, "illegal instruction"},
	[7] = {SIGILL, "coprocessor not available"},
	[8] = {SIGSEGV, "double fault"},
	[10] = {SIGSEGV, "invalid TSS"},
	[11] = {SIGBUS, "segment not present"},
	[12] = {SIGBUS, "stack segment fault"},
	[VECTOR_GP] = {SIGSEGV, "privileged instruction or bad address"},
	[VECTOR_PF] = {SIGSEGV, "page fault"},
	[16] = {SIGFPE, "x87 floating-point exception"},
	[17] = {SIGBUS, "misaligned access"},
	[19] = {SIGFPE, "SSE floating-point exception"},
	[21] = {SIGSEGV, "control protection exception"},
};

/* SDM volume 3, 4.7: the error code of a page fault. */
static const char *page_fault(uint64_t error, bool known)
{
	bool present = error & 1;

	if (known && !present)
		return error & 2 ? "write to protected memory"
				 : "read of protected memory";

	if (error & 0x10)
		return present ? "jump to memory that is not executable"
			       : "jump to unmapped memory";
	if (error & 2)
		return present ? "write to read-only memory"
			       : "write to unmapped memory";
	return present ? "read of protected memory" : "read of unmapped memory";
}

/* Prefixes that an `in` or `out` may have: SDM volume 2, 2.1.1 and 2.2.1. */
static bool is_prefix(uint8_t byte)
{
	static const uint8_t legacy[] = {0x26, 0x2e, 0x36, 0x3e, 0x64,
					 0x65, 0x66, 0x67, 0xf2, 0xf3};

	return (byte & 0xf0) == 0x40 || memchr(legacy, byte, sizeof(legacy));
}

bool trap_is_port_io(const struct guest_mem *mem, uint64_t pc)
{
	for (unsigned i = 0; i < INSTRUCTION_MAX; i++) {
		const uint8_t *p = guest_mem_range(mem, pc + i, 1, GUEST_EXEC);

		if (!p)
			return false;
		if (*p >= 0x6c && *p <= 0x6f)
			return true;
		if ((*p & 0xf4) == 0xe4)
			return true;
		if (!is_prefix(*p))
			return false;
	}
	return false;
}

void trap_describe(const struct guest_mem *mem, const struct trap_frame *frame,
		   uint64_t cr2, struct vcpu_exit *exit)
{
	unsigned vector = frame->vector % VECTORS;

	vcpu_exit_trap(exit, exceptions[vector].signal,
		       exceptions[vector].what);
	if (!exit->trap.what)
		vcpu_exit_trap(exit, SIGSEGV, "unexpected exception");
	exit->trap.resumable = true;
	exit->trap.vector = vector;
	exit->trap.error = frame->error;
	if (vector == VECTOR_DB)
		exit->trap.cause = VCPU_DEBUG;
	else if (vector == VECTOR_BP)
		exit->trap.cause = VCPU_BREAKPOINT;
	if (vector == VECTOR_PF) {
		bool known = guest_mem_has(mem, cr2) ||
			     guest_mem_in_window(mem, cr2);

		exit->trap.what = page_fault(frame->error, known);
		exit->trap.has_address = true;
		exit->trap.address = cr2;
		exit->trap.code =
			known ? BP_TRAP_NO_ACCESS : BP_TRAP_NOT_MAPPED;
	} else if (vector == VECTOR_GP && trap_is_port_io(mem, frame->rip)) {
		exit->trap.resumable = false;
		exit->trap.signal = SIGSYS;
		exit->trap.what = "access to a port that is no hypercall";
	}
}
