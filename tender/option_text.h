/* SPDX-License-Identifier: ISC */
/* Pieces of an option's value. */
#ifndef OPTION_TEXT_H
#define OPTION_TEXT_H

#include <stdbool.h>
#include <stdint.h>

/* Decimal digits at @*s, advanced past them. False if none or too large. */
bool option_number(const char **s, uint64_t max, uint64_t *out);

/* The same for a number of bytes, with K, M or G (powers of 1024) or not. */
bool option_bytes(const char **s, uint64_t max, uint64_t *out);

/*
 * Cuts the part of @*at up to the next single comma out in place (",," stands
 * for a comma) and advances @*at behind it, to NULL at the end.
 */
char *option_next_part(char **at);

#endif
