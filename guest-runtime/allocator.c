/* SPDX-License-Identifier: ISC */
/*
 * The runtime's own allocator: a second instance of musl's mallocng, apart
 * from the program's, which may be replaced, be interrupted by a signal, or be
 * corrupted.
 *
 * THEORY OF OPERATION
 * mallocng is made to be embedded: glue.h is all it knows of its surroundings.
 * This file takes that header's place and then includes the sources from the
 * tree that build-musl.sh leaves, under other names. This instance never uses
 * brk, as two users of it would trample on each other. There is one thread.
 */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include "memory_hook.h"
#include "rt_syscall.h"
#include "runtime.h"
#include "vnode.h"

#define MALLOC_GLUE_H

#define size_classes __rt_malloc_size_classes
#define ctx	     __rt_malloc_context
#define alloc_meta   __rt_malloc_alloc_meta
#define is_allzero   __rt_malloc_is_allzero
#define malloc	     __rt_malloc
#define realloc	     __rt_realloc
#define free	     __rt_free

#undef assert
#define assert(what) ((what) ? (void)0 : __builtin_trap())

#define PAGESIZE	      BP_PAGE_BYTES
#define MT		      0
#define RDLOCK_IS_EXCLUSIVE   1
#define LOCK_OBJ_DEF	      struct rt_no_lock
#define rdlock()	      ((void)0)
#define wrlock()	      ((void)0)
#define unlock()	      ((void)0)
#define upgradelock()	      ((void)0)
#define a_ctz_32(x)	      __builtin_ctz(x)
#define a_clz_32(x)	      __builtin_clz(x)
#define a_or(to, bits)	      ((void)(*(to) |= (int)(bits)))
#define a_cas(to, old, value) one_thread_swap(to, (int)(old), (int)(value))
#define brk(p)		      ((uintptr_t)0) /* never what was asked for */
#define mmap		      map_memory
#define munmap(p, n)	      ((void)__rt_sys_munmap((uintptr_t)(p), n))
#define madvise(p, n, advice) \
	((void)__rt_sys_madvise((uintptr_t)(p), n, advice))
#define mprotect(p, n, prot) 0
#define mremap		     move_memory
#define get_random_secret()  random_secret()

static inline int one_thread_swap(volatile int *to, int old, int value)
{
	int was = *to;

	if (was == old)
		*to = value;
	return was;
}

static inline void *map_memory(void *at, size_t bytes, int prot, int flags,
			       int fd, int64_t offset)
{
	long p;

	/* Pages must not be forgotten by who is just making one. */
	__rt_memory_keep = 1;
	/* Its own guard pages are for programs with wild pointers. */
	(void)prot;
	p = __rt_sys_mmap((uintptr_t)at, bytes, PROT_READ | PROT_WRITE, flags,
			  fd, offset);
	__rt_memory_keep = 0;
	if (p < 0 && p > -4096)
		return MAP_FAILED;
	return (void *)p;
}

static inline void *move_memory(void *old, size_t old_bytes, size_t bytes,
				int flags)
{
	long p;

	__rt_memory_keep = 1;
	p = __rt_sys_mremap((uintptr_t)old, old_bytes, bytes, flags, 0);
	__rt_memory_keep = 0;
	if (p < 0 && p > -4096)
		return MAP_FAILED;
	return (void *)p;
}

static inline uint64_t random_secret(void)
{
	uint64_t secret;

	/* The first 16 bytes are AT_RANDOM, which musl uses up. */
	memcpy(&secret, __rt_boot->random + 16, sizeof(secret));
	return secret;
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wsign-conversion"
/* NOLINTBEGIN(bugprone-suspicious-include) */
#include <free.c>
#include <malloc.c>
#include <realloc.c>
/* NOLINTEND(bugprone-suspicious-include) */
#pragma GCC diagnostic pop

void *__rt_calloc(size_t count, size_t bytes)
{
	void *p;

	if (__builtin_mul_overflow(count, bytes, &bytes)) {
		errno = ENOMEM;
		return NULL;
	}
	p = __rt_malloc(bytes);
	if (p && !is_allzero(p))
		memset(p, 0, bytes);
	return p;
}
