/* SPDX-License-Identifier: ISC */
#ifndef RT_FILE_CONSOLE_H
#define RT_FILE_CONSOLE_H

struct rt_file;

/* A new open file: the console, for reading and writing. */
struct rt_file *__rt_console_file(void);

#endif
