/* SPDX-License-Identifier: ISC */
/* `tender test`: runs many images, for CI. */
#ifndef TEST_COMMAND_H
#define TEST_COMMAND_H

/*
 * Carries it out; argv[0] is "test". The exit status: 0 when all images ended
 * as expected, 1 when not, 125 after printing what is wrong.
 */
int test_command(int argc, char **argv);

#endif
