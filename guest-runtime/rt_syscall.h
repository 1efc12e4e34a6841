/* SPDX-License-Identifier: ISC */
/*
 * Declares __rt_sys_NAME for every system call of syscall_list.h: the same
 * arguments as on Linux x86-64, the same results (-errno on failure).
 *
 * Names start with two underscores because they share one namespace with the
 * program they are linked into.
 */
#ifndef RT_SYSCALL_H
#define RT_SYSCALL_H

#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>

#ifndef SYS_faccessat2
#define SYS_faccessat2 439
#endif
#ifndef SYS_tls_alloc
#define SYS_tls_alloc	1000 /* see musl/syscall_arch.h */
#define SYS_stack_alloc 1001
#endif

struct epoll_event;
struct iovec;
struct itimerspec;
struct mmsghdr;
struct msghdr;
struct pollfd;
struct rlimit;
struct rt_sized_mask;
struct rt_statx;
struct rusage;
struct stat;
struct statfs;
struct sysinfo;
struct timespec;
struct timeval;
struct tms;
struct utimbuf;
struct utsname;

#define RT_DIRECT0(name)		 long __rt_sys_##name(void);
#define RT_SYSCALL0(name)		 long __rt_sys_##name(void);
#define RT_SYSCALL1(name, A)		 long __rt_sys_##name(A);
#define RT_SYSCALL2(name, A, B)		 long __rt_sys_##name(A, B);
#define RT_SYSCALL3(name, A, B, C)	 long __rt_sys_##name(A, B, C);
#define RT_SYSCALL4(name, A, B, C, D)	 long __rt_sys_##name(A, B, C, D);
#define RT_SYSCALL5(name, A, B, C, D, E) long __rt_sys_##name(A, B, C, D, E);
#define RT_SYSCALL6(name, A, B, C, D, E, F) \
	long __rt_sys_##name(A, B, C, D, E, F);
#include "syscall_list.h"
#undef RT_DIRECT0
#undef RT_SYSCALL0
#undef RT_SYSCALL1
#undef RT_SYSCALL2
#undef RT_SYSCALL3
#undef RT_SYSCALL4
#undef RT_SYSCALL5
#undef RT_SYSCALL6

/* FUTEX_WAIT or FUTEX_WAKE; see futex.c. */
long __rt_sys_futex_untimed(int *address, int op, int value);

/* -ENOSYS; says so on the console once for each number, with its name. */
long __rt_sys_missing(long number);

/* For a number that is known only at run time: syscall(2). */
long __rt_syscall_by_number(long number, long a, long b, long c, long d, long e,
			    long f);

/*
 * In enter_x86_64.S: call what the static chain register points to, as a
 * section; that of __rt_enter_cp is a cancellation point. Declared as data, as
 * they have no type of their own.
 */
extern const char __rt_enter[], __rt_enter_cp[];

#define RT_ENTER(entry, type, call, ...)                 \
	__builtin_call_with_static_chain(                \
		((type)(uintptr_t)(entry))(__VA_ARGS__), \
		(void *)(uintptr_t)(call))

/* The switch: a call of one function where @n is a constant. */
static inline __attribute__((always_inline)) long
__rt_syscall(const char *entry, long n, long a, long b, long c, long d, long e,
	     long f)
{
	(void)a, (void)b, (void)c, (void)d, (void)e, (void)f;
	/* Without a time, and not FUTEX_REQUEUE: see futex.c. */
	if (n == SYS_futex && __builtin_constant_p(d) && !d)
		return RT_ENTER(entry, long (*)(int *, int, int),
				__rt_sys_futex_untimed, (int *)a, (int)b,
				(int)c);
	switch (n) {
#define RT_DIRECT0(name) \
	case SYS_##name: \
		return __rt_sys_##name();
#define RT_SYSCALL0(name) \
	case SYS_##name:  \
		return RT_ENTER(entry, long (*)(void), __rt_sys_##name);
#define RT_SYSCALL1(name, A) \
	case SYS_##name:     \
		return RT_ENTER(entry, long (*)(A), __rt_sys_##name, (A)a);
#define RT_SYSCALL2(name, A, B)                                               \
	case SYS_##name:                                                      \
		return RT_ENTER(entry, long (*)(A, B), __rt_sys_##name, (A)a, \
				(B)b);
#define RT_SYSCALL3(name, A, B, C)                                         \
	case SYS_##name:                                                   \
		return RT_ENTER(entry, long (*)(A, B, C), __rt_sys_##name, \
				(A)a, (B)b, (C)c);
#define RT_SYSCALL4(name, A, B, C, D)                                         \
	case SYS_##name:                                                      \
		return RT_ENTER(entry, long (*)(A, B, C, D), __rt_sys_##name, \
				(A)a, (B)b, (C)c, (D)d);
#define RT_SYSCALL5(name, A, B, C, D, E)                                 \
	case SYS_##name:                                                 \
		return RT_ENTER(entry, long (*)(A, B, C, D, E),          \
				__rt_sys_##name, (A)a, (B)b, (C)c, (D)d, \
				(E)e);
#define RT_SYSCALL6(name, A, B, C, D, E, F)                                    \
	case SYS_##name:                                                       \
		return RT_ENTER(entry, long (*)(A, B, C, D, E, F),             \
				__rt_sys_##name, (A)a, (B)b, (C)c, (D)d, (E)e, \
				(F)f);
#include "syscall_list.h"
#undef RT_DIRECT0
#undef RT_SYSCALL0
#undef RT_SYSCALL1
#undef RT_SYSCALL2
#undef RT_SYSCALL3
#undef RT_SYSCALL4
#undef RT_SYSCALL5
#undef RT_SYSCALL6
	default:
		return RT_ENTER(entry, long (*)(long), __rt_sys_missing, n);
	}
}

#endif
