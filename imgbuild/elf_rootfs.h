/* SPDX-License-Identifier: ISC */
/* The file system that `imgbuild --rootfs` links into an image. */
#ifndef ELF_ROOTFS_H
#define ELF_ROOTFS_H

#include <stdint.h>

/* The linker script keeps this section on pages of its own. */
#define ROOTFS_SECTION ".hvt.rootfs"

/*
 * Finds where in the file open at @fd the file system lies. 0; -ENOENT when it
 * is an ELF file without one; -ENOEXEC when it is no ELF file or a damaged one.
 */
int elf_rootfs_find(int fd, uint64_t *offset, uint64_t *bytes);

#endif
