/* SPDX-License-Identifier: ISC */
/*
 * Every system call the runtime has: RT_SYSCALL<arguments>(name, types...).
 * Included with those macros defined, once to declare the functions, once as
 * the cases of a switch. A call that is not listed answers ENOSYS. RT_DIRECT:
 * calls that only read one word, and are no sections (thread.h).
 *
 * Remarks for POSIX.md, which scripts/posix-table.sh makes of this file, stand
 * before what they are about, and count up to a blank line or the next one:
 * "note:" for a call that does its work, "stub:" for one that only answers.
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
RT_SYSCALL1(dup, int)
RT_SYSCALL2(dup2, int, int)
RT_SYSCALL3(dup3, int, int, int)
RT_SYSCALL2(flock, int, int)
/* note: with a disk, a commit of its whole file system */
RT_SYSCALL1(fsync, int)
RT_SYSCALL1(fdatasync, int)
RT_SYSCALL0(sync)
RT_SYSCALL1(syncfs, int)

/* note: advice; nothing is promised */
RT_SYSCALL4(sync_file_range, int, int64_t, int64_t, unsigned)
RT_SYSCALL4(fadvise64, int, int64_t, int64_t, int)
RT_SYSCALL3(readahead, int, int64_t, size_t)

RT_SYSCALL4(sendfile, int, int, int64_t *, size_t)
RT_SYSCALL6(copy_file_range, int, int64_t *, int, int64_t *, size_t, unsigned)

/* stub: EINVAL, so that programs copy */
RT_SYSCALL6(splice, int, int64_t *, int, int64_t *, size_t, unsigned)
RT_SYSCALL4(tee, int, int, size_t, unsigned)

RT_SYSCALL6(preadv2, int, const struct iovec *, int, int64_t, long, int)
RT_SYSCALL6(pwritev2, int, const struct iovec *, int, int64_t, long, int)
RT_SYSCALL3(close_range, unsigned, unsigned, unsigned)
RT_SYSCALL2(creat, const char *, unsigned)
/* note: in /tmp; no seals */
RT_SYSCALL2(memfd_create, const char *, unsigned)

RT_SYSCALL1(pipe, int *)
RT_SYSCALL2(pipe2, int *, int)
RT_SYSCALL3(poll, struct pollfd *, unsigned long, int)
RT_SYSCALL5(ppoll, struct pollfd *, unsigned long, struct timespec *,
	    const uint64_t *, size_t)
RT_SYSCALL5(select, int, void *, void *, void *, struct timeval *)
RT_SYSCALL6(pselect6, int, void *, void *, void *, struct timespec *,
	    const struct rt_sized_mask *)
RT_SYSCALL1(epoll_create, int)
RT_SYSCALL1(epoll_create1, int)
RT_SYSCALL4(epoll_ctl, int, int, int, const struct epoll_event *)
RT_SYSCALL4(epoll_wait, int, struct epoll_event *, int, int)
RT_SYSCALL6(epoll_pwait, int, struct epoll_event *, int, int, const uint64_t *,
	    size_t)
RT_SYSCALL6(epoll_pwait2, int, struct epoll_event *, int,
	    const struct timespec *, const uint64_t *, size_t)
RT_SYSCALL1(eventfd, unsigned)
RT_SYSCALL2(eventfd2, unsigned, int)
RT_SYSCALL3(signalfd, int, const uint64_t *, size_t)
RT_SYSCALL4(signalfd4, int, const uint64_t *, size_t, int)
RT_SYSCALL2(timerfd_create, int, int)
RT_SYSCALL4(timerfd_settime, int, int, const struct itimerspec *,
	    struct itimerspec *)
RT_SYSCALL2(timerfd_gettime, int, struct itimerspec *)

/* note: AF_UNIX, within the guest */
RT_SYSCALL3(socket, int, int, int)

RT_SYSCALL4(socketpair, int, int, int, int *)
RT_SYSCALL3(bind, int, const void *, unsigned)
RT_SYSCALL2(listen, int, int)
RT_SYSCALL3(accept, int, void *, unsigned *)
RT_SYSCALL4(accept4, int, void *, unsigned *, int)
RT_SYSCALL3(connect, int, const void *, unsigned)
RT_SYSCALL3(getsockname, int, void *, unsigned *)
RT_SYSCALL3(getpeername, int, void *, unsigned *)
RT_SYSCALL6(sendto, int, const void *, size_t, int, const void *, unsigned)
RT_SYSCALL6(recvfrom, int, void *, size_t, int, void *, unsigned *)
RT_SYSCALL3(sendmsg, int, const struct msghdr *, int)
RT_SYSCALL3(recvmsg, int, struct msghdr *, int)
RT_SYSCALL4(sendmmsg, int, struct mmsghdr *, unsigned, int)
RT_SYSCALL5(recvmmsg, int, struct mmsghdr *, unsigned, int, struct timespec *)
RT_SYSCALL2(shutdown, int, int)
RT_SYSCALL5(setsockopt, int, int, int, const void *, unsigned)
RT_SYSCALL5(getsockopt, int, int, int, void *, unsigned *)

RT_SYSCALL2(statfs, const char *, struct statfs *)
RT_SYSCALL2(fstatfs, int, struct statfs *)
/* note: permissions keep nobody out: everything is done as root */
RT_SYSCALL2(access, const char *, int)
RT_SYSCALL3(faccessat, int, const char *, int)
RT_SYSCALL4(faccessat2, int, const char *, int, int)
RT_SYSCALL2(chmod, const char *, unsigned)
RT_SYSCALL2(fchmod, int, unsigned)
RT_SYSCALL3(fchmodat, int, const char *, unsigned)
RT_SYSCALL3(chown, const char *, unsigned, unsigned)
RT_SYSCALL3(lchown, const char *, unsigned, unsigned)
RT_SYSCALL3(fchown, int, unsigned, unsigned)
RT_SYSCALL5(fchownat, int, const char *, unsigned, unsigned, int)
RT_SYSCALL4(utimensat, int, const char *, const struct timespec *, int)
RT_SYSCALL3(futimesat, int, const char *, const struct timeval *)
RT_SYSCALL2(utimes, const char *, const struct timeval *)
RT_SYSCALL2(utime, const char *, const struct utimbuf *)
RT_SYSCALL5(statx, int, const char *, int, unsigned, struct rt_statx *)

RT_SYSCALL2(truncate, const char *, int64_t)
RT_SYSCALL2(ftruncate, int, int64_t)
RT_SYSCALL4(fallocate, int, int, int64_t, int64_t)
RT_SYSCALL1(umask, unsigned)

/* stub: EOPNOTSUPP: no file system has extended attributes */
RT_SYSCALL4(getxattr, const char *, const char *, void *, size_t)
RT_SYSCALL4(lgetxattr, const char *, const char *, void *, size_t)
RT_SYSCALL4(fgetxattr, int, const char *, void *, size_t)
RT_SYSCALL5(setxattr, const char *, const char *, const void *, size_t, int)
RT_SYSCALL5(lsetxattr, const char *, const char *, const void *, size_t, int)
RT_SYSCALL5(fsetxattr, int, const char *, const void *, size_t, int)
RT_SYSCALL2(removexattr, const char *, const char *)
RT_SYSCALL2(lremovexattr, const char *, const char *)
RT_SYSCALL2(fremovexattr, int, const char *)
/* stub: 0: there are none */
RT_SYSCALL3(listxattr, const char *, char *, size_t)
RT_SYSCALL3(llistxattr, const char *, char *, size_t)
RT_SYSCALL3(flistxattr, int, char *, size_t)

RT_SYSCALL3(getdents64, int, void *, size_t)
RT_SYSCALL2(getcwd, char *, size_t)
RT_SYSCALL1(chdir, const char *)
RT_SYSCALL1(fchdir, int)
RT_SYSCALL3(readlink, const char *, char *, size_t)
RT_SYSCALL4(readlinkat, int, const char *, char *, size_t)
RT_SYSCALL2(mkdir, const char *, unsigned)
RT_SYSCALL3(mkdirat, int, const char *, unsigned)
RT_SYSCALL3(mknod, const char *, unsigned, unsigned)
RT_SYSCALL4(mknodat, int, const char *, unsigned, unsigned)
RT_SYSCALL2(link, const char *, const char *)
RT_SYSCALL5(linkat, int, const char *, int, const char *, int)
RT_SYSCALL2(symlink, const char *, const char *)
RT_SYSCALL3(symlinkat, const char *, int, const char *)
RT_SYSCALL1(unlink, const char *)
RT_SYSCALL1(rmdir, const char *)
RT_SYSCALL3(unlinkat, int, const char *, int)
RT_SYSCALL2(rename, const char *, const char *)
RT_SYSCALL4(renameat, int, const char *, int, const char *)
RT_SYSCALL5(renameat2, int, const char *, int, const char *, unsigned)

RT_SYSCALL2(tls_alloc, uintptr_t, size_t)
RT_SYSCALL2(stack_alloc, size_t, size_t)
RT_SYSCALL1(brk, uintptr_t)
RT_SYSCALL6(mmap, uintptr_t, size_t, int, int, int, int64_t)
RT_SYSCALL2(munmap, uintptr_t, size_t)
RT_SYSCALL5(mremap, uintptr_t, size_t, size_t, int, uintptr_t)
/* note: nothing becomes executable (EACCES), nor constants writable */
RT_SYSCALL3(mprotect, uintptr_t, size_t, int)

RT_SYSCALL3(msync, uintptr_t, size_t, int)
RT_SYSCALL3(madvise, uintptr_t, size_t, int)

/* stub: 0: nothing is ever swapped out */
RT_SYSCALL2(mlock, uintptr_t, size_t)
RT_SYSCALL3(mlock2, uintptr_t, size_t, unsigned)
RT_SYSCALL2(munlock, uintptr_t, size_t)
RT_SYSCALL1(mlockall, int)
RT_SYSCALL0(munlockall)
/* note: all that is mapped is there */
RT_SYSCALL3(mincore, uintptr_t, size_t, unsigned char *)

RT_SYSCALL2(clock_gettime, int, struct timespec *)
RT_SYSCALL2(clock_getres, int, struct timespec *)

RT_SYSCALL2(gettimeofday, struct timeval *, void *)
RT_SYSCALL1(time, long *)
RT_SYSCALL2(nanosleep, const struct timespec *, struct timespec *)
RT_SYSCALL4(clock_nanosleep, int, int, const struct timespec *,
	    struct timespec *)

/* stub: EPERM: the host sets its clock */
RT_SYSCALL2(clock_settime, int, const struct timespec *)
RT_SYSCALL2(settimeofday, const struct timeval *, const void *)

/* note: time of the CPU is that in which the guest did not sleep */
RT_SYSCALL1(times, struct tms *)
RT_SYSCALL2(getrusage, int, struct rusage *)
RT_SYSCALL1(sysinfo, struct sysinfo *)
/* note: all limits are remembered; that of descriptors, at most 1024, holds */
RT_SYSCALL2(getrlimit, int, struct rlimit *)
RT_SYSCALL2(setrlimit, int, const struct rlimit *)
RT_SYSCALL4(prlimit64, int, int, const struct rlimit *, struct rlimit *)

RT_SYSCALL1(exit, int)
RT_SYSCALL1(exit_group, int)
RT_SYSCALL1(set_thread_area, uintptr_t)
RT_SYSCALL1(set_tid_address, int *)
RT_DIRECT0(gettid)
RT_DIRECT0(getpid)
RT_DIRECT0(getppid)
/* note: kept as Linux does; files do not ask for them */
RT_DIRECT0(getuid)
RT_DIRECT0(geteuid)
RT_DIRECT0(getgid)
RT_DIRECT0(getegid)
RT_SYSCALL1(setuid, unsigned)
RT_SYSCALL1(setgid, unsigned)
RT_SYSCALL2(setreuid, unsigned, unsigned)
RT_SYSCALL2(setregid, unsigned, unsigned)
RT_SYSCALL3(setresuid, unsigned, unsigned, unsigned)
RT_SYSCALL3(setresgid, unsigned, unsigned, unsigned)
RT_SYSCALL3(getresuid, unsigned *, unsigned *, unsigned *)
RT_SYSCALL3(getresgid, unsigned *, unsigned *, unsigned *)
RT_SYSCALL1(setfsuid, unsigned)
RT_SYSCALL1(setfsgid, unsigned)
RT_SYSCALL2(getgroups, int, unsigned *)
RT_SYSCALL2(setgroups, size_t, const unsigned *)
/* stub: 1: there is one session, of one group, of one process */
RT_SYSCALL0(getpgrp)
RT_SYSCALL1(getpgid, int)
RT_SYSCALL1(getsid, int)
/* stub: EPERM: the process leads its session already */
RT_SYSCALL0(setsid)
RT_SYSCALL2(setpgid, int, int)
/* stub: ECHILD: there are no other processes */
RT_SYSCALL4(wait4, int, int *, int, void *)
RT_SYSCALL5(waitid, int, int, void *, int, void *)
/* note: PR_SET_NAME, and what is only remembered */
RT_SYSCALL5(prctl, int, unsigned long, unsigned long, unsigned long,
	    unsigned long)
/* note: only Linux's own */
RT_SYSCALL1(personality, unsigned long)
/* stub: EPERM: there is no kernel that has a log */
RT_SYSCALL3(syslog, int, char *, int)

RT_SYSCALL2(sethostname, const char *, size_t)
RT_SYSCALL2(setdomainname, const char *, size_t)
/* stub: there are no priorities of input and output */
RT_SYSCALL2(ioprio_get, int, int)
RT_SYSCALL3(ioprio_set, int, int, int)

RT_SYSCALL0(sched_yield)
RT_SYSCALL3(getrandom, void *, size_t, unsigned)
RT_SYSCALL1(uname, struct utsname *)

RT_SYSCALL4(rt_sigaction, int, const void *, void *, size_t)
RT_SYSCALL4(rt_sigprocmask, int, const uint64_t *, uint64_t *, size_t)
/* note: to the one process; it cannot be stopped */
RT_SYSCALL2(kill, int, int)

RT_SYSCALL2(tkill, int, int)
RT_SYSCALL3(tgkill, int, int, int)
RT_SYSCALL2(rt_sigpending, uint64_t *, size_t)
RT_SYSCALL2(rt_sigsuspend, const uint64_t *, size_t)
RT_SYSCALL4(rt_sigtimedwait, const uint64_t *, void *, const struct timespec *,
	    size_t)
RT_SYSCALL3(rt_sigqueueinfo, int, int, const void *)
RT_SYSCALL4(rt_tgsigqueueinfo, int, int, int, const void *)
RT_SYSCALL2(sigaltstack, const void *, void *)
RT_SYSCALL0(pause)
RT_SYSCALL1(alarm, unsigned)
/* note: CPU time is time, whoever uses it */
RT_SYSCALL2(getitimer, int, void *)
RT_SYSCALL3(setitimer, int, const void *, void *)
RT_SYSCALL3(timer_create, int, const void *, int *)

RT_SYSCALL2(timer_gettime, int, void *)
RT_SYSCALL4(timer_settime, int, int, const void *, void *)
RT_SYSCALL1(timer_getoverrun, int)
RT_SYSCALL1(timer_delete, int)

/* note: WAIT, WAKE, REQUEUE, BITSET and PI; others ENOSYS */
RT_SYSCALL6(futex, int *, int, int, const void *, int *, int)

RT_SYSCALL2(set_robust_list, void *, size_t)
RT_SYSCALL3(get_robust_list, int, void **, size_t *)

/* stub: one CPU needs none; private expedited ones succeed */
RT_SYSCALL3(membarrier, int, unsigned, int)
/* stub: the CPU is 0, and a set must have it */
RT_SYSCALL3(sched_setaffinity, int, size_t, const void *)
RT_SYSCALL3(sched_getaffinity, int, size_t, void *)
RT_SYSCALL3(getcpu, unsigned *, unsigned *, void *)
/* stub: every thread is SCHED_OTHER; real time is EPERM */
RT_SYSCALL3(sched_setscheduler, int, int, const void *)
RT_SYSCALL1(sched_getscheduler, int)
RT_SYSCALL2(sched_setparam, int, const void *)
RT_SYSCALL2(sched_getparam, int, void *)

RT_SYSCALL1(sched_get_priority_max, int)
RT_SYSCALL1(sched_get_priority_min, int)

/* stub: 10 ms */
RT_SYSCALL2(sched_rr_get_interval, int, struct timespec *)
/* stub: 20, which nice(1) calls 0 */
RT_SYSCALL2(getpriority, int, int)
/* stub: changes nothing */
RT_SYSCALL3(setpriority, int, int, int)

/*
 * Absent, and why:
 *
 * clone clone3: threads are made by the C library, which has its own way
 * fork vfork execve execveat ptrace: an image is one program
 * mount umount2 pivot_root chroot setns unshare swapon swapoff: an image's
 *	file systems are laid down when it is built and started
 * inotify_init inotify_init1 inotify_add_watch inotify_rm_watch fanotify_init
 *	fanotify_mark: nobody else changes files
 * init_module finit_module delete_module kexec_load kexec_file_load reboot
 *	iopl ioperm bpf: there is no kernel
 * io_uring_setup io_uring_enter io_uring_register io_setup io_submit
 *	io_getevents io_destroy io_cancel: calls do not return before they are
 *	done
 * shmget shmat shmctl shmdt semget semop semctl semtimedop msgget msgsnd
 *	msgrcv msgctl mq_open mq_unlink mq_timedsend mq_timedreceive mq_notify
 *	mq_getsetattr: there are no other processes to talk to
 * vmsplice process_vm_readv process_vm_writev: pages do not change hands
 * rseq: one CPU needs none
 * getdents: the C library reads directories by getdents64
 * rt_sigreturn: a handler returns without it
 * seccomp landlock_create_ruleset landlock_add_rule landlock_restrict_self:
 *	the tender confines all of the guest
 */
