/* SPDX-License-Identifier: ISC */
/* Writes one word to every page of fresh heap: the time per page. */
#include <stdlib.h>

#include "bench.h"

#define HEAP_BYTES (256u << 20)
#define PAGE_BYTES 4096u

int main(void)
{
	volatile uint64_t *heap = malloc(HEAP_BYTES);
	size_t step = PAGE_BYTES / sizeof(*heap);
	size_t words = HEAP_BYTES / sizeof(*heap);
	uint64_t start, ns, digest = 0;

	if (!heap)
		return 1;
	start = bench_now_ns();
	for (size_t i = 0; i < words; i += step)
		heap[i] = i;
	ns = bench_now_ns() - start;
	for (size_t i = 0; i < words; i += step)
		digest = bench_mix(digest, heap[i] + heap[i + 1]);
	bench_report(digest, ns, HEAP_BYTES / PAGE_BYTES);
	return 0;
}
