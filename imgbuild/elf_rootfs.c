/* SPDX-License-Identifier: ISC */
#include "elf_rootfs.h"

#include <errno.h>
#include <gelf.h>
#include <libelf.h>
#include <string.h>
#include <sys/stat.h>

static int find(Elf *elf, uint64_t file_bytes, uint64_t *offset,
		uint64_t *bytes)
{
	Elf_Scn *section = NULL;
	size_t names;

	if (elf_kind(elf) != ELF_K_ELF)
		return -ENOEXEC;
	if (elf_getshdrstrndx(elf, &names))
		return -ENOENT;
	while ((section = elf_nextscn(elf, section))) {
		const char *name;
		GElf_Shdr s;

		if (!gelf_getshdr(section, &s) ||
		    !(name = elf_strptr(elf, names, s.sh_name)))
			return -ENOEXEC;
		if (strcmp(name, ROOTFS_SECTION) != 0)
			continue;
		if (s.sh_type != SHT_PROGBITS || s.sh_size > file_bytes ||
		    s.sh_offset > file_bytes - s.sh_size)
			return -ENOEXEC;
		*offset = s.sh_offset;
		*bytes = s.sh_size;
		return 0;
	}
	return -ENOENT;
}

int elf_rootfs_find(int fd, uint64_t *offset, uint64_t *bytes)
{
	struct stat st;
	Elf *elf;
	int err;

	if (fstat(fd, &st) < 0)
		return -ENOEXEC;
	elf_version(EV_CURRENT);
	elf = elf_begin(fd, ELF_C_READ, NULL);
	if (!elf)
		return -ENOEXEC;
	err = find(elf, (uint64_t)st.st_size, offset, bytes);
	elf_end(elf);
	return err;
}
