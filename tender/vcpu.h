/* SPDX-License-Identifier: ISC */
/*
 * A vCPU: runs guest code until it wants something from the tender. What is
 * above this interface knows neither the kind of vCPU nor the instruction set.
 */
#ifndef VCPU_H
#define VCPU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "counter.h"

struct bp_upcall_frame;
struct guest_mem;
struct vcpu;
struct vcpu_debug_ops;

#define VCPU_CALL_ARGS 5

enum vcpu_exit_kind {
	VCPU_CALL,	  /* a hypercall; answer with ->set_result */
	VCPU_TRAP,	  /* the guest did what it may not */
	VCPU_INTERRUPTED, /* kicked, or a signal came in */
};

/* What a trap means to a debugger. */
enum vcpu_trap_cause {
	VCPU_FAULT,
	VCPU_BREAKPOINT, /* the instruction before the place */
	VCPU_DEBUG,	 /* single step, or an address that is watched */
};

struct vcpu_exit {
	enum vcpu_exit_kind kind;
	union {
		struct {
			unsigned number; /* any value: the guest chose it */
			uint64_t arg[VCPU_CALL_ARGS];
		} call;
		struct {
			int signal; /* what a process would have got */
			enum vcpu_trap_cause cause;
			const char *what;
			bool has_address;
			uint64_t address; /* that was accessed */
			bool resumable;	  /* the guest may handle it: */
			unsigned code;	  /* enum bp_trap_code */
			uint64_t vector;  /* as the CPU numbers them */
			uint64_t error;	  /* code of the CPU's, or 0 */
		} trap;
	};
};

/* Makes @exit a trap at no particular address, that is the end. */
void vcpu_exit_trap(struct vcpu_exit *exit, int signal, const char *what);

/* Makes it that of code which read what the host cannot give: see windows. */
void vcpu_exit_no_data(struct vcpu_exit *exit);

/* Where guest code stands, for reports. */
struct vcpu_place {
	uint64_t pc;
	uint64_t sp;
	uint64_t frame; /* frame pointer */
};

/* What a guest is told about its vCPU in boot info. */
struct vcpu_features {
	uint64_t tsc_hz;
	uint32_t boot_flags; /* BP_BOOT_* */
};

struct vcpu_start {
	uint64_t pc;
	uint64_t sp;
	uint64_t arg;		     /* first argument: address of boot info */
	struct counter_sample early; /* if the kind measures_counter */
};

/* What a vCPU goes on using of the host, for the sandbox. */
struct vcpu_handles {
	int fd;	 /* -1: none */
	int pid; /* the guest's process; 0: none */
};

struct vcpu_ops {
	const char *name;

	/* Whether another process has to see guest memory too. */
	bool shares_memory;

	/* Whether it has to measure how fast the CPU's counter runs. */
	bool measures_counter;

	/*
	 * Bytes this kind needs behind guest memory of @mem_bytes (page
	 * tables) with windows of @window_bytes, given to guest_mem_init().
	 */
	uint64_t (*table_bytes)(uint64_t mem_bytes, uint64_t window_bytes);

	/* NULL when this kind can be used on this host, or why it cannot. */
	const char *(*unusable)(void);
	/* What this host makes such guests of, in a word; may be NULL. */
	const char *(*made_of)(void);

	/*
	 * Begins to make a vCPU on @mem, all of whose regions are known; what
	 * is in them need not be there yet. Prints what is wrong and returns
	 * -errno when the host cannot. @mem must outlive it; ->destroy undoes
	 * it. With @drop_ids, a process of the guest's own is nobody's where
	 * the tender is root's.
	 */
	int (*create)(struct vcpu **vcpu, struct guest_mem *mem, bool drop_ids);
	void (*destroy)(struct vcpu *vcpu);

	/*
	 * Ends what else would outlive the tender; the vCPU is not to be run
	 * any more. NULL when there is nothing.
	 */
	void (*reap)(struct vcpu *vcpu);

	/*
	 * Completes it, before run, and tells its features. 0, or -errno after
	 * printing why.
	 */
	int (*prepare)(struct vcpu *vcpu, const struct vcpu_start *start,
		       struct vcpu_features *features);

	/* What of the host it uses from now on. */
	void (*handles)(const struct vcpu *vcpu, struct vcpu_handles *handles);

	/*
	 * Runs the guest until it exits. 0 with @exit filled, or -errno when
	 * the vCPU itself failed (after printing why).
	 */
	int (*run)(struct vcpu *vcpu, struct vcpu_exit *exit);

	/* The result of the hypercall just reported by ->run. */
	void (*set_result)(struct vcpu *vcpu, uint64_t result);

	/* Sets the guest's thread pointer. 0 or -errno. */
	int (*set_tls)(struct vcpu *vcpu, uint64_t address);

	/*
	 * Makes @access what the guest may do with the pages [start, end) of
	 * its regions, within a hypercall. 0, or -errno after printing why.
	 */
	int (*map)(struct vcpu *vcpu, uint64_t start, uint64_t end,
		   unsigned access);

	void (*place)(struct vcpu *vcpu, struct vcpu_place *place);

	/* The registers as text, several lines, each ending in newline. */
	void (*format_registers)(struct vcpu *vcpu, char *text, size_t bytes);

	/*
	 * Puts the registers of guest code into @frame, after an exit that is
	 * VCPU_INTERRUPTED or a resumable trap. 0, -errno after printing why,
	 * or -EAGAIN: it is about to trap, so run it first.
	 */
	int (*interrupted)(struct vcpu *vcpu, struct bp_upcall_frame *frame);

	/*
	 * After ->interrupted: guest code goes on at @pc instead, with stack
	 * pointer, first argument and the flags of a start. The rest stays.
	 */
	int (*enter)(struct vcpu *vcpu, uint64_t pc, uint64_t sp, uint64_t arg);

	/*
	 * Makes ->run return VCPU_INTERRUPTED soon, now or when it is next
	 * called. Safe in a signal handler of the thread that runs the vCPU.
	 */
	void (*kick)(struct vcpu *vcpu);

	const struct vcpu_debug_ops *debug; /* vcpu_debug.h */
};

/* Every implementation begins with this. */
struct vcpu {
	const struct vcpu_ops *ops;
};

/*
 * Reserves guest memory as @ops needs it: see guest_mem_init(). There will be
 * windows of @window_bytes in all.
 */
int vcpu_guest_mem_init(const struct vcpu_ops *ops, struct guest_mem *mem,
			uint64_t bytes, uint64_t window_bytes);

extern const struct vcpu_ops vcpu_kvm_ops;
extern const struct vcpu_ops vcpu_process_ops;

#endif
