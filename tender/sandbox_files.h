/* SPDX-License-Identifier: ISC */
/* What stays open. */
#ifndef SANDBOX_FILES_H
#define SANDBOX_FILES_H

struct sandbox_operands;

/* Closes all descriptors but those of @operands. 0 or -errno. */
int sandbox_close_files(const struct sandbox_operands *operands);

#endif
