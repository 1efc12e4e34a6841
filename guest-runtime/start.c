/* SPDX-License-Identifier: ISC */
/*
 * From the tender's entry state to main(): lays out argc, argv, environ and
 * the auxiliary vector as Linux would (System V psABI x86-64, 3.4.1) and
 * hands over to musl. Runs before the thread pointer and the stack protector
 * are set up.
 */
#include <elf.h>
#include <stddef.h>
#include <string.h>

#include "hypercall_x86_64.h"
#include "memory_map.h"
#include "rt_syscall.h"
#include "runtime.h"
#include "trace.h"

#define AUX_COUNT 12UL

const struct bp_boot_info *__rt_boot;
uintptr_t __rt_heap_start;

int main(int argc, char **argv, char **envp);
void __rt_start(const struct bp_boot_info *boot);
void __rt_files_init(void);

/* musl's; the last three arguments serve its dynamic linker. */
int __libc_start_main(int (*main_function)(int, char **, char **), int argc,
		      char **argv, void (*init)(void), void (*fini)(void),
		      void (*dl_fini)(void));

/* For C++-style destructors registered by objects compiled without -fPIC. */
void *__dso_handle;

static char **put_pointers(char **to, uint32_t count, char **string)
{
	for (uint32_t i = 0; i < count; i++) {
		*to++ = *string;
		*string += strlen(*string) + 1;
	}
	*to++ = NULL;
	return to;
}

static void put_auxv(uintptr_t *to, const struct bp_boot_info *boot,
		     const char *name)
{
	const uintptr_t aux[AUX_COUNT][2] = {
		{AT_PAGESZ, BP_PAGE_BYTES},
		{AT_PHDR, boot->phdr_gpa},
		{AT_PHNUM, boot->phdr_gpa ? boot->phdr_count : 0},
		{AT_PHENT, sizeof(Elf64_Phdr)},
		{AT_RANDOM, (uintptr_t)boot->random},
		{AT_EXECFN, (uintptr_t)name},
		{AT_CLKTCK, 100},
		{AT_UID, 0},
		{AT_EUID, 0},
		{AT_GID, 0},
		{AT_EGID, 0},
		{AT_NULL, 0},
	};

	memcpy(to, aux, sizeof(aux));
}

/* Cut off the heap before anybody else uses it; never given back. */
long __rt_sys_tls_alloc(uintptr_t hint, size_t bytes)
{
	uintptr_t start = __rt_heap_start;

	(void)hint;
	if (bytes > __rt_boot->heap_end - start) {
		__rt_complain("thread-local storage does not fit; use --mem",
			      (char *)NULL);
		hypercall_exit(1);
	}
	__rt_heap_start += (bytes + BP_PAGE_BYTES - 1) & ~(BP_PAGE_BYTES - 1);
	return (long)start;
}

void __rt_start(const struct bp_boot_info *boot)
{
	size_t pointers = (size_t)boot->argc + boot->envc + 2;
	char *strings = __builtin_alloca(boot->strings_bytes);
	char **vector =
		__builtin_alloca((pointers + 2 * AUX_COUNT) * sizeof(*vector));
	char **at = vector;

	__rt_boot = boot;
	if (boot->trace_offset)
		__rt_trace =
			(const void *)((const char *)boot + boot->trace_offset);
	__rt_clock_init();
	__rt_heap_start = boot->heap_start;
	memcpy(strings, (const char *)boot + boot->argv_offset,
	       boot->strings_bytes);
	at = put_pointers(at, boot->argc, &strings);
	at = put_pointers(at, boot->envc, &strings);
	put_auxv((uintptr_t *)at, boot, vector[0]);
	__rt_files_init();
	__libc_start_main(main, (int)boot->argc, vector, NULL, NULL, NULL);
}
