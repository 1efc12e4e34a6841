/* SPDX-License-Identifier: ISC */
#include "relro.h"

#include <elf.h>
#include <stdint.h>
#include <sys/mman.h>

#define PAGE_MASK 4095UL

void relro_protect(void)
{
	extern const Elf64_Ehdr __ehdr_start; /* from the linker */
	const char *base = (const char *)&__ehdr_start;
	const Elf64_Phdr *ph = (const void *)(base + __ehdr_start.e_phoff);

	for (unsigned i = 0; i < __ehdr_start.e_phnum; i++) {
		uintptr_t start = (uintptr_t)base + ph[i].p_vaddr;
		uintptr_t end = (start + ph[i].p_memsz) & ~PAGE_MASK;

		start &= ~PAGE_MASK;
		if (ph[i].p_type == PT_GNU_RELRO && end > start)
			mprotect((void *)start, end - start, PROT_READ);
	}
}
