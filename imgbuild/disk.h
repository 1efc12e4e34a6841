/* SPDX-License-Identifier: ISC */
/* `imgbuild disk`: file systems in disk images, without mounting them. */
#ifndef DISK_H
#define DISK_H

/*
 * @argv[0] is "disk". Prints to standard output; returns the exit status, 1
 * with a line printed when something failed.
 */
int disk(int argc, char *argv[]);

#endif
