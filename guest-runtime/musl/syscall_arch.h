/* SPDX-License-Identifier: ISC */
/*
 * Takes the place of musl's arch/x86_64/syscall_arch.h: a system call is a
 * call of a C function of the runtime. musl's own wrappers pass the number as
 * a constant, so that the switch folds and the linker's --gc-sections leaves
 * out whatever an image never calls.
 *
 * VDSO_USEFUL stays undefined: there is no vDSO, and none is needed.
 */
#define __SYSCALL_LL_E(x) (x)
#define __SYSCALL_LL_O(x) (x)
#define IPC_64		  0

/*
 * Numbers of our own, above Linux's: memory for a new thread's stack, in one
 * call instead of two, and memory for the first thread's TLS. musl
 * defines SYSCALL_NO_TLS in the one file that asks for it, and there calls
 * SYS_mmap2 where that exists. An image with a small TLS, and no malloc, so
 * stays without mmap.
 */
#define SYS_tls_alloc	1000
#define SYS_stack_alloc 1001
#ifdef SYSCALL_NO_TLS
#define SYS_mmap2 SYS_tls_alloc
#endif

#include "rt_syscall.h"

#define RT_INLINE static __inline __attribute__((always_inline)) long

RT_INLINE __syscall6(long n, long a, long b, long c, long d, long e, long f)
{
	if (__builtin_constant_p(n))
		return __rt_syscall(__rt_enter, n, a, b, c, d, e, f);
	return __rt_syscall_by_number(n, a, b, c, d, e, f);
}

RT_INLINE __syscall5(long n, long a, long b, long c, long d, long e)
{
	return __syscall6(n, a, b, c, d, e, 0);
}

RT_INLINE __syscall4(long n, long a, long b, long c, long d)
{
	return __syscall6(n, a, b, c, d, 0, 0);
}

RT_INLINE __syscall3(long n, long a, long b, long c)
{
	return __syscall6(n, a, b, c, 0, 0, 0);
}

RT_INLINE __syscall2(long n, long a, long b)
{
	return __syscall6(n, a, b, 0, 0, 0, 0);
}

RT_INLINE __syscall1(long n, long a)
{
	return __syscall6(n, a, 0, 0, 0, 0, 0);
}

RT_INLINE __syscall0(long n)
{
	return __syscall6(n, 0, 0, 0, 0, 0, 0);
}

/*
 * Cancellation points. musl passes these through one function with the number
 * as an argument; here each has its own call too. See musl/pthread_cancel.c.
 */
RT_INLINE __rt_syscall_cp(long n, long a, long b, long c, long d, long e,
			  long f)
{
	return __rt_syscall(__rt_enter_cp, n, a, b, c, d, e, f);
}
