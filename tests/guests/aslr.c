/* SPDX-License-Identifier: ISC */
/* Tells where things are, or traps in a function with a name. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "boot_info.h"
#include "memory_map.h"

static int data = 1;

__attribute__((noipa)) static void store_nowhere(volatile int *where)
{
	*where = data;
}

int main(int argc, char **argv)
{
	const struct bp_boot_info *b =
		(const struct bp_boot_info *)BP_BOOT_INFO_GPA;
	void *heap = malloc(1 << 20);
	int local;

	(void)argc;
	if (!strcmp(argv[1], "trap"))
		store_nowhere(NULL);
	printf("stack %p\n", (void *)&local);
	printf("stack_end %#jx\n", (uintmax_t)b->stack_end);
	printf("heap %p\n", heap);
	printf("heap_start %#jx\n", (uintmax_t)b->heap_start);
	printf("text %p\n", (void *)(uintptr_t)main);
	printf("data %p\n", (void *)&data);
	return 0;
}
