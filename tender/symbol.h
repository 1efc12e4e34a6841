/* SPDX-License-Identifier: ISC */
/* Names for guest addresses, from IMAGE.debug beside the image. */
#ifndef SYMBOL_H
#define SYMBOL_H

#include <stddef.h>
#include <stdint.h>

struct image;
struct symbols;

struct symbol_file {
	int fd; /* -1: there is none */
	size_t bytes;
};

/*
 * Opens "@image_name.debug" where there is such a file: names are a courtesy.
 * A sealed tender opens nothing any more.
 */
void symbol_file_open(struct symbol_file *file, const char *image_name);

/*
 * Reads the symbol table of @file. NULL when there is none, it is damaged, or
 * of another build than @image. symbols_free() takes NULL too.
 */
struct symbols *symbols_read(const struct symbol_file *file,
			     const struct image *image);
void symbols_free(struct symbols *symbols);

/* Writes "name+0x12", or "?" , for @pc into @text. @symbols may be NULL. */
void symbols_format(const struct symbols *symbols, uint64_t pc, char *text,
		    size_t bytes);

/* Where the function that @pc is in begins; 0: not known. */
uint64_t symbols_function(const struct symbols *symbols, uint64_t pc);

/*
 * Calls @see for each symbol whose name begins with @prefix, with the @rest of
 * the name. The names are those of the file, whatever is in them.
 */
void symbols_each(const struct symbols *symbols, const char *prefix,
		  void (*see)(const char *rest, uint64_t address,
			      void *context),
		  void *context);

/* Where the symbol @name is; 0: there is none. */
uint64_t symbols_address(const struct symbols *symbols, const char *name);

/* The file, and its *@line, that @pc comes from; NULL: not known. */
const char *symbols_line(const struct symbols *symbols, uint64_t pc,
			 unsigned *line);

#endif
