/* SPDX-License-Identifier: ISC */
/*
 * What libgcc asks to unwind a stack, where it was built for a C library that
 * can tell: glibc's manual, "Dynamic Linker Introspection".
 */
#include <elf.h>
#include <stddef.h>
#include <stdint.h>

#include "boot_info.h"
#include "runtime.h"

struct found_object {
	unsigned long long flags;
	void *start, *end;
	void *link_map;
	void *eh_frame; /* PT_GNU_EH_FRAME */
	unsigned long long reserved[7];
};

int _dl_find_object(void *pc, struct found_object *to);

int _dl_find_object(void *pc, struct found_object *to)
{
	const Elf64_Phdr *headers = (const void *)__rt_boot->phdr_gpa;
	uintptr_t start = UINTPTR_MAX, end = 0;
	void *eh_frame = NULL;

	for (unsigned i = 0; headers && i < __rt_boot->phdr_count; i++) {
		const Elf64_Phdr *h = &headers[i];

		if (h->p_type == PT_GNU_EH_FRAME)
			eh_frame = (void *)h->p_vaddr;
		if (h->p_type != PT_LOAD)
			continue;
		if (h->p_vaddr < start)
			start = h->p_vaddr;
		if (h->p_vaddr + h->p_memsz > end)
			end = h->p_vaddr + h->p_memsz;
	}
	if (!eh_frame || (uintptr_t)pc < start || (uintptr_t)pc >= end)
		return -1;
	*to = (struct found_object){
		.start = (void *)start,
		.end = (void *)end,
		.eh_frame = eh_frame,
	};
	return 0;
}
