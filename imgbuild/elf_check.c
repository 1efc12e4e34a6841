/* SPDX-License-Identifier: ISC */
#include "elf_check.h"

#include <errno.h>
#include <gelf.h>
#include <libelf.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "device_note.h"
#include "memory_map.h"

static int refuse(struct elf_check_error *error, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static int refuse(struct elf_check_error *error, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(error->text, sizeof(error->text), fmt, args);
	va_end(args);
	return -ENOEXEC;
}

static bool in_file(uint64_t offset, uint64_t bytes, uint64_t file_bytes)
{
	return bytes <= file_bytes && offset <= file_bytes - bytes;
}

/* First address of the page behind the segment's last byte. */
static uint64_t segment_end(const struct image_segment *s)
{
	return (s->gpa + s->mem_bytes + BP_PAGE_BYTES - 1) &
	       ~(BP_PAGE_BYTES - 1);
}

static int check_header(const GElf_Ehdr *h, struct elf_check_error *error)
{
	if (h->e_ident[EI_CLASS] != ELFCLASS64 ||
	    h->e_ident[EI_DATA] != ELFDATA2LSB || h->e_machine != EM_X86_64)
		return refuse(error, "not built for x86-64");
	if (h->e_type == ET_DYN)
		return refuse(error, "a shared library or position-independent "
				     "executable, not an image");
	if (h->e_type != ET_EXEC)
		return refuse(error, "not an executable");
	return 0;
}

static int add_segment(struct image_info *info, const GElf_Phdr *p,
		       struct elf_check_error *error)
{
	unsigned long long gpa = p->p_vaddr;
	unsigned n = info->segment_count;

	if (p->p_memsz == 0)
		return 0;
	if (n == IMAGE_MAX_SEGMENTS)
		return refuse(error, "more than %d segments",
			      IMAGE_MAX_SEGMENTS);
	if (p->p_vaddr % BP_PAGE_BYTES || p->p_offset % BP_PAGE_BYTES)
		return refuse(error, "segment at 0x%llx is not page-aligned",
			      gpa);
	if (p->p_vaddr < BP_IMAGE_BASE || p->p_memsz > BP_MEM_MAX_BYTES ||
	    p->p_vaddr > BP_MEM_MAX_BYTES - p->p_memsz)
		return refuse(error,
			      "segment at 0x%llx (0x%llx bytes) lies outside "
			      "[0x%llx, 0x%llx)",
			      gpa, (unsigned long long)p->p_memsz,
			      BP_IMAGE_BASE, BP_MEM_MAX_BYTES);
	if (n && p->p_vaddr < segment_end(&info->segment[n - 1]))
		return refuse(error,
			      "segment at 0x%llx overlaps the one before it or "
			      "is out of order",
			      gpa);
	if (p->p_filesz > p->p_memsz)
		return refuse(error,
			      "segment at 0x%llx is larger in the file than in "
			      "memory",
			      gpa);
	if (!in_file(p->p_offset, p->p_filesz, info->file_bytes))
		return refuse(error,
			      "segment at 0x%llx reaches past the end "
			      "of the file: truncated",
			      gpa);
	if (!(p->p_flags & PF_R))
		return refuse(error, "segment at 0x%llx is not readable", gpa);
	if ((p->p_flags & PF_W) && (p->p_flags & PF_X))
		return refuse(error,
			      "segment at 0x%llx is both writable and "
			      "executable",
			      gpa);
	info->segment[n] = (struct image_segment){p->p_vaddr, p->p_filesz,
						  p->p_memsz, p->p_flags};
	info->segment_count = n + 1;
	return 0;
}

static int add_device(struct image_info *info, const void *desc, size_t bytes,
		      struct elf_check_error *error)
{
	struct bp_note_device *d = &info->device[info->device_count];

	if (info->device_count == BP_MAX_DEVICES)
		return refuse(error, "more than %d devices", BP_MAX_DEVICES);
	if (bytes != sizeof(*d))
		return refuse(error, "damaged device note");
	memcpy(d, desc, sizeof(*d));
	if (!device_kind_name(d->kind) || !device_name_valid(d->name))
		return refuse(error, "a device note of unknown kind, or with "
				     "a bad name");
	for (unsigned i = 0; i < info->device_count; i++)
		if (!strcmp(info->device[i].name, d->name))
			return refuse(error, "two devices are named '%s'",
				      d->name);
	info->device_count++;
	return 0;
}

static int add_note(struct image_info *info, const GElf_Nhdr *h,
		    const char *name, const char *desc,
		    struct elf_check_error *error)
{
	if (h->n_namesz == 4 && memcmp(name, "GNU", 4) == 0 &&
	    h->n_type == NT_GNU_BUILD_ID &&
	    h->n_descsz <= sizeof(info->build_id)) {
		memcpy(info->build_id, desc, h->n_descsz);
		info->build_id_bytes = h->n_descsz;
	}
	if (h->n_namesz != BP_NOTE_NAME_BYTES ||
	    memcmp(name, BP_NOTE_NAME, BP_NOTE_NAME_BYTES) != 0)
		return 0;
	if (h->n_type == BP_NOTE_DEVICE)
		return add_device(info, desc, h->n_descsz, error);
	if (h->n_type != BP_NOTE_ABI)
		return 0;
	if (h->n_descsz != sizeof(info->abi) || info->abi.major)
		return refuse(error, "damaged or repeated ABI note");
	memcpy(&info->abi, desc, sizeof(info->abi));
	return 0;
}

static int read_notes(Elf *elf, struct image_info *info, const GElf_Phdr *p,
		      struct elf_check_error *error)
{
	size_t at = 0, name, desc;
	Elf_Data *data;
	GElf_Nhdr h;

	if (!p->p_filesz)
		return 0;
	if (!in_file(p->p_offset, p->p_filesz, info->file_bytes))
		return refuse(error, "notes reach past the end of the file: "
				     "truncated");
	if (p->p_filesz > IMAGE_MAX_NOTES_BYTES)
		return refuse(error, "notes are longer than %d bytes",
			      IMAGE_MAX_NOTES_BYTES);
	data = elf_getdata_rawchunk(elf, (int64_t)p->p_offset, p->p_filesz,
				    ELF_T_NHDR);
	if (!data)
		return refuse(error, "damaged notes: %s", elf_errmsg(-1));
	while (at < data->d_size) {
		int err;

		at = gelf_getnote(data, at, &h, &name, &desc);
		if (!at)
			return refuse(error, "damaged notes");
		err = add_note(info, &h, (char *)data->d_buf + name,
			       (char *)data->d_buf + desc, error);
		if (err)
			return err;
	}
	return 0;
}

static int check_program_header(Elf *elf, struct image_info *info,
				const GElf_Phdr *p,
				struct elf_check_error *error)
{
	switch (p->p_type) {
	case PT_LOAD:
		return add_segment(info, p, error);
	case PT_NOTE:
		return read_notes(elf, info, p, error);
	case PT_INTERP:
	case PT_DYNAMIC:
		return refuse(error, "dynamically linked");
	case PT_GNU_STACK:
		if (p->p_flags & PF_X)
			return refuse(error, "wants an executable stack");
		return 0;
	default:
		return 0;
	}
}

static int check_whole(const struct image_info *info,
		       struct elf_check_error *error)
{
	if (!info->abi.major)
		return refuse(error, "no ABI note: not an image");
	if (info->abi.major != BP_ABI_MAJOR || info->abi.minor > BP_ABI_MINOR)
		return refuse(error, "made for ABI %u.%u, this is %d.%d",
			      info->abi.major, info->abi.minor, BP_ABI_MAJOR,
			      BP_ABI_MINOR);
	for (unsigned i = 0; i < info->segment_count; i++) {
		const struct image_segment *s = &info->segment[i];

		if ((s->flags & PF_X) && info->entry >= s->gpa &&
		    info->entry - s->gpa < s->file_bytes)
			return 0;
	}
	return refuse(error, "entry point 0x%llx is in no executable segment",
		      (unsigned long long)info->entry);
}

static int check_elf(Elf *elf, struct image_info *info,
		     struct elf_check_error *error)
{
	GElf_Ehdr header;
	GElf_Phdr p;
	size_t count;
	int err;

	if (elf_kind(elf) != ELF_K_ELF || !gelf_getehdr(elf, &header))
		return refuse(error, "not an ELF file");
	err = check_header(&header, error);
	if (err)
		return err;
	info->entry = header.e_entry;
	if (elf_getphdrnum(elf, &count) || !count || count > IMAGE_MAX_PHDRS)
		return refuse(error, "has not 1 to %d program headers",
			      IMAGE_MAX_PHDRS);
	for (size_t i = 0; i < count; i++) {
		if (!gelf_getphdr(elf, (int)i, &p))
			return refuse(error, "damaged program headers");
		err = check_program_header(elf, info, &p, error);
		if (err)
			return err;
	}
	return check_whole(info, error);
}

static Elf *open_elf(int fd, struct elf_check_error *error)
{
	Elf *elf;

	elf_version(EV_CURRENT);
	elf = elf_begin(fd, ELF_C_READ, NULL);
	if (!elf)
		refuse(error, "not an ELF file: %s", elf_errmsg(-1));
	return elf;
}

int elf_check_image(int fd, struct image_info *info,
		    struct elf_check_error *error)
{
	struct image_info found = {0};
	struct stat st;
	Elf *elf;
	int err;

	if (fstat(fd, &st) < 0)
		return refuse(error, "%s", strerror(errno));
	if (!S_ISREG(st.st_mode))
		return refuse(error, "not a regular file");
	found.file_bytes = (uint64_t)st.st_size;
	elf = open_elf(fd, error);
	if (!elf)
		return -ENOEXEC;
	err = check_elf(elf, &found, error);
	elf_end(elf);
	if (!err)
		*info = found;
	return err;
}

/* Sections that are marked writable for a loader's sake; image_x86_64.ld. */
static bool only_relocation_writes(const char *name)
{
	static const char *const names[] = {
		".preinit_array", ".init_array", ".fini_array", ".data.rel.ro",
		".got",		  ".tdata",	 ".tbss",	".eh_frame"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(name, names[i]))
			return true;
	return false;
}

static int check_section(const struct image_info *info, const GElf_Shdr *s,
			 const char *name, struct elf_check_error *error)
{
	bool writable =
		s->sh_flags & SHF_WRITE && !only_relocation_writes(name);
	bool executable = s->sh_flags & SHF_EXECINSTR;

	if (!(s->sh_flags & SHF_ALLOC) || !s->sh_size)
		return 0;
	if (s->sh_type == SHT_REL || s->sh_type == SHT_RELA)
		return refuse(error,
			      "relocations are left in section %s: "
			      "indirect functions cannot be linked",
			      name);
	if (s->sh_type == SHT_DYNAMIC)
		return refuse(error, "dynamically linked");
	if (writable && executable)
		return refuse(error,
			      "section %s is both writable and executable",
			      name);
	for (unsigned i = 0; i < info->segment_count; i++) {
		const struct image_segment *in = &info->segment[i];

		if (s->sh_addr < in->gpa || s->sh_addr >= segment_end(in))
			continue;
		if ((writable && !(in->flags & PF_W)) ||
		    (executable && !(in->flags & PF_X)))
			return refuse(error,
				      "section %s is in a segment that "
				      "is not %s",
				      name,
				      writable ? "writable" : "executable");
		return 0;
	}
	/* .tbss takes no room in memory, and so may lie in none. */
	if (s->sh_flags & SHF_TLS)
		return 0;
	return refuse(error, "section %s is in no segment", name);
}

int elf_check_sections(int fd, const struct image_info *info,
		       struct elf_check_error *error)
{
	Elf *elf = open_elf(fd, error);
	Elf_Scn *section = NULL;
	size_t names;
	int err = 0;

	if (!elf)
		return -ENOEXEC;
	if (elf_getshdrstrndx(elf, &names))
		err = refuse(error, "no section headers");
	while (!err && (section = elf_nextscn(elf, section))) {
		const char *name;
		GElf_Shdr s;

		if (!gelf_getshdr(section, &s) ||
		    !(name = elf_strptr(elf, names, s.sh_name)))
			err = refuse(error, "damaged section headers");
		else
			err = check_section(info, &s, name, error);
	}
	elf_end(elf);
	return err;
}
