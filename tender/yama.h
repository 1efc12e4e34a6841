/* SPDX-License-Identifier: ISC */
/* Yama, the Linux security module that restricts ptrace. */
#ifndef YAMA_H
#define YAMA_H

/*
 * The sysctl kernel.yama.ptrace_scope, 0 to 3; -1 where there is none. Linux,
 * Documentation/admin-guide/LSM/Yama.rst: from 2 on PTRACE_TRACEME wants
 * CAP_SYS_PTRACE of the tracer, with 3 it is refused until the next boot.
 */
int yama_ptrace_scope(void);

#endif
