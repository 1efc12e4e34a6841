/* SPDX-License-Identifier: ISC */
/* What the guest gives up of its memory, on KVM. */
#include <errno.h>
#include <stdint.h>

#include "guest_memory.h"
#include "kvm_x86_64.h"
#include "log.h"
#include "memory_map.h"
#include "trap_x86_64.h"

static void kernel_segments(struct kvm_sregs *s)
{
	kvm_user_segments(s);
	s->cs.dpl = s->ss.dpl = 0;
	s->cs.selector = TRAP_SELECTOR_KERNEL_CODE;
	s->ss.selector = TRAP_SELECTOR_KERNEL_DATA;
}

/* In ring 0, has the list's entries written. */
static int run_writer(struct vcpu_kvm *k, uint64_t address, unsigned entries)
{
	int err;

	*regs_of(k) = (struct kvm_regs){
		.rip = TRAP_WRITER_GPA,
		.rsp = TRAP_STACK_GPA + BP_PAGE_BYTES,
		.rsi = TRAP_LIST_GPA,
		.rdi = address,
		.rcx = entries,
		.rflags = 2,
	};
	regs_changed(k);
	do {
		k->run->immediate_exit = 0;
		err = kvm_enter_guest(k);
	} while (err == KVM_INTERRUPTED);
	if (err == KVM_NO_DATA) {
		log_error("KVM: the host is out of memory");
		err = -ENOMEM;
	}
	if (!err && (k->run->exit_reason != KVM_EXIT_IO ||
		     regs_of(k)->rip - TRAP_WRITER_END > 2)) {
		log_error("KVM: exit %u at 0x%llx while protecting memory",
			  k->run->exit_reason,
			  (unsigned long long)regs_of(k)->rip);
		err = -EIO;
	}
	return err ? err : kvm_complete_io(k);
}

/*
 * The CPU changes its tables itself, as a program of the guest's would: where
 * KVM shadows them, it does not see what the host writes there.
 */
int kvm_map(struct vcpu *vcpu, uint64_t start, uint64_t end, unsigned access)
{
	const unsigned most = BP_PAGE_BYTES / sizeof(uint64_t);
	struct vcpu_kvm *k = kvm_of(vcpu);
	struct kvm_segment cs, ss;
	uint64_t address = 0;
	unsigned entries;
	struct kvm_regs regs;
	int err = kvm_complete_io(k);

	if (!err)
		err = kvm_get_sregs(k);
	if (err)
		return err;
	regs = *regs_of(k);
	cs = k->sregs.cs;
	ss = k->sregs.ss;
	kernel_segments(&k->sregs);
	err = kvm_set_sregs(k);
	while (!err && start < end) {
		entries = page_table_change(&k->tables, &start, end, access,
					    &address, trap_list(k->mem), most);
		err = run_writer(k, address, entries);
	}
	if (err)
		return err;
	k->sregs.cs = cs;
	k->sregs.ss = ss;
	*regs_of(k) = regs;
	regs_changed(k);
	return kvm_set_sregs(k);
}
