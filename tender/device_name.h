/* SPDX-License-Identifier: ISC */
/* Names of devices, on the command line and in images. */
#ifndef DEVICE_NAME_H
#define DEVICE_NAME_H

#include <stdbool.h>
#include <stddef.h>

/* Whether the @n bytes at @s are a name (manifest.h); @s may go on behind. */
bool device_name_is_good(const char *s, size_t n);

#endif
