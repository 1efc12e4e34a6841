/* SPDX-License-Identifier: ISC */
/* `imgbuild inspect`: what an image asks for. */
#ifndef INSPECT_H
#define INSPECT_H

/*
 * @argv[0] is "inspect". Prints to standard output; returns the exit status,
 * 1 with a line printed when a file is no image.
 */
int inspect(int argc, char *argv[]);

#endif
