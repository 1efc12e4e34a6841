/* SPDX-License-Identifier: ISC */
/* The journal's format, as libext2fs declares it. */
#ifndef RT_EXT_JOURNAL_H
#define RT_EXT_JOURNAL_H

#include <ext2fs/ext2fs.h>
#include <ext2fs/kernel-jbd.h>

/* Numbers in the journal are big-endian; either way round. */
static inline uint32_t be32(uint32_t n)
{
	return __builtin_bswap32(n);
}

#endif
