/* SPDX-License-Identifier: ISC */
/* SIGTERM and SIGINT that the tender was sent, and traps. */
#ifndef RT_HOST_SIGNAL_H
#define RT_HOST_SIGNAL_H

/*
 * From now on they come to the program: the image ends with 128 plus their
 * number, and what was written to disks is not lost, unless the program has
 * other plans. Nor is it when the program traps. 0 or -ENOMEM.
 */
long __rt_host_signals_on(void);

#endif
