/* SPDX-License-Identifier: ISC */
/*
 * Every system call the runtime has: RT_SYSCALL<arguments>(name, types...).
 * Included with those macros defined, once to declare the functions, once as
 * the cases of a switch. A call that is not listed answers ENOSYS.
 *
 * No include guard: this is a list, not a header.
 */
RT_SYSCALL3(read, int, void *, size_t)
RT_SYSCALL3(write, int, const void *, size_t)
RT_SYSCALL3(readv, int, const struct iovec *, int)
RT_SYSCALL3(writev, int, const struct iovec *, int)
RT_SYSCALL4(pread64, int, void *, size_t, int64_t)
RT_SYSCALL4(pwrite64, int, const void *, size_t, int64_t)
RT_SYSCALL4(preadv, int, const struct iovec *, int, int64_t)
RT_SYSCALL4(pwritev, int, const struct iovec *, int, int64_t)
RT_SYSCALL3(open, const char *, int, unsigned)
RT_SYSCALL4(openat, int, const char *, int, unsigned)
RT_SYSCALL1(close, int)
RT_SYSCALL3(lseek, int, int64_t, int)
RT_SYSCALL2(fstat, int, struct stat *)
RT_SYSCALL2(stat, const char *, struct stat *)
RT_SYSCALL2(lstat, const char *, struct stat *)
RT_SYSCALL4(newfstatat, int, const char *, struct stat *, int)
RT_SYSCALL3(ioctl, int, unsigned, void *)
RT_SYSCALL3(fcntl, int, int, long)
RT_SYSCALL1(fsync, int)
RT_SYSCALL1(fdatasync, int)

RT_SYSCALL2(tls_alloc, uintptr_t, size_t)
RT_SYSCALL1(brk, uintptr_t)
RT_SYSCALL6(mmap, uintptr_t, size_t, int, int, int, int64_t)
RT_SYSCALL2(munmap, uintptr_t, size_t)
RT_SYSCALL5(mremap, uintptr_t, size_t, size_t, int, uintptr_t)
RT_SYSCALL3(mprotect, uintptr_t, size_t, int)
RT_SYSCALL3(madvise, uintptr_t, size_t, int)

RT_SYSCALL2(clock_gettime, int, struct timespec *)
RT_SYSCALL2(clock_getres, int, struct timespec *)
RT_SYSCALL2(gettimeofday, struct timeval *, void *)
RT_SYSCALL1(time, long *)
RT_SYSCALL2(nanosleep, const struct timespec *, struct timespec *)
RT_SYSCALL4(clock_nanosleep, int, int, const struct timespec *,
	    struct timespec *)

RT_SYSCALL1(exit, int)
RT_SYSCALL1(exit_group, int)
RT_SYSCALL1(set_thread_area, uintptr_t)
RT_SYSCALL1(set_tid_address, int *)
RT_SYSCALL0(gettid)
RT_SYSCALL0(getpid)
RT_SYSCALL0(getppid)
RT_SYSCALL0(getuid)
RT_SYSCALL0(geteuid)
RT_SYSCALL0(getgid)
RT_SYSCALL0(getegid)
RT_SYSCALL0(sched_yield)
RT_SYSCALL3(getrandom, void *, size_t, unsigned)
RT_SYSCALL1(uname, struct utsname *)

RT_SYSCALL4(rt_sigaction, int, const void *, void *, size_t)
RT_SYSCALL4(rt_sigprocmask, int, const uint64_t *, uint64_t *, size_t)
RT_SYSCALL2(kill, int, int)
RT_SYSCALL2(tkill, int, int)
RT_SYSCALL3(tgkill, int, int, int)
RT_SYSCALL6(futex, int *, int, int, const void *, int *, int)
