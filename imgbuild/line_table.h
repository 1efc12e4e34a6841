/* SPDX-License-Identifier: ISC */
/* Where in its sources an image's code comes from, for reports of the tender.
 */
#ifndef LINE_TABLE_H
#define LINE_TABLE_H

/*
 * Writes the line table (boot-protocol/line_table_format.h) of the program
 * @elf, made of its DWARF, to the file @out. 0 or -errno; a program without
 * DWARF has an empty one.
 */
int line_table_write(const char *elf, const char *out);

#endif
