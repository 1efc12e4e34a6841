/* SPDX-License-Identifier: ISC */
/* Names for guest addresses, from IMAGE.debug beside the image. */
#ifndef SYMBOL_H
#define SYMBOL_H

#include <stddef.h>
#include <stdint.h>

struct symbols;

/*
 * Reads the symbol table of "@image_name.debug". NULL when there is none, or
 * it is damaged: names are a courtesy. symbols_free() takes NULL too.
 */
struct symbols *symbols_read(const char *image_name);
void symbols_free(struct symbols *symbols);

/* Writes "name+0x12", or "?" , for @pc into @text. @symbols may be NULL. */
void symbols_format(const struct symbols *symbols, uint64_t pc, char *text,
		    size_t bytes);

#endif
