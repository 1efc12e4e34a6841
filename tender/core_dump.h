/* SPDX-License-Identifier: ISC */
/* A core file of the guest, which GDB opens: `gdb app.hvt.debug core`. */
#ifndef CORE_DUMP_H
#define CORE_DUMP_H

struct machine;

/*
 * Writes it into @fd, from the start: registers and all memory, with holes
 * where memory is zero, and notes that say on what it ran. @signal is what it
 * ended by, or 0. The vCPU is stopped; it may run on. 0, or -errno after
 * printing why.
 */
int core_dump_write(struct machine *m, int fd, int signal);

#endif
