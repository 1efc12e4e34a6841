/* SPDX-License-Identifier: ISC */
/*
 * The options of GCC and Clang are many; an image builder must know only
 * which of them take a separate argument (so as to tell options from files),
 * which decide what is made, and which no image can be linked with. All
 * others are passed on untouched.
 */
#include "cc_args.h"

#include <err.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "device_note.h"
#include "response_file.h"

enum option_kind {
	OPT_PLAIN,
	OPT_SEPARATE, /* the next argument belongs to it */
	OPT_OUTPUT,
	OPT_LANGUAGE,
	OPT_LIBRARY,
	OPT_LINKER,
	OPT_SCRIPT,
	OPT_DEVICE,
	OPT_ROOTFS,
	OPT_ROOTFS_OWNERS,
	OPT_NO_EXT4,
	OPT_QUERY,
	OPT_OBJECT, /* stop after assembling */
	OPT_NO_LINK,
	OPT_SHARED,
	OPT_DROP, /* asks for what an image is anyway, or cannot be */
	OPT_OPT_LEVEL,
	OPT_NO_STDLIB,
	OPT_NO_START,
	OPT_NO_LIBS,
	OPT_NO_INCLUDES,
	OPT_SIGN,
};

struct option {
	const char *text; /* a final * stands for anything */
	enum option_kind kind;
};

/* The first entry that matches decides; see also separate[]. */
static const struct option options[] = {
	{"--device*", OPT_DEVICE},
	{"--no-ext4", OPT_NO_EXT4},
	{"--rootfs-keep-owners", OPT_ROOTFS_OWNERS},
	{"--rootfs", OPT_ROOTFS},
	{"--rootfs=*", OPT_ROOTFS},
	{"--sign", OPT_SIGN},
	{"--sign=*", OPT_SIGN},
	{"--version", OPT_QUERY},
	{"--help*", OPT_QUERY},
	{"--target-help", OPT_QUERY},
	{"-###", OPT_QUERY},
	{"-print-*", OPT_QUERY},
	{"--print-*", OPT_QUERY},
	{"-dump*", OPT_QUERY},
	{"-c", OPT_OBJECT},
	{"--compile", OPT_OBJECT},
	{"-S", OPT_NO_LINK},
	{"--assemble", OPT_NO_LINK},
	{"-E", OPT_NO_LINK},
	{"--preprocess", OPT_NO_LINK},
	{"-M", OPT_NO_LINK},
	{"-MM", OPT_NO_LINK},
	{"-r", OPT_NO_LINK},
	{"-fsyntax-only", OPT_NO_LINK},
	{"-o*", OPT_OUTPUT},
	{"--output*", OPT_OUTPUT},
	{"-x*", OPT_LANGUAGE},
	{"-O*", OPT_OPT_LEVEL},
	{"-l*", OPT_LIBRARY},
	{"-T*", OPT_SCRIPT},
	{"-Wl,*", OPT_LINKER},
	{"-Xlinker", OPT_LINKER},
	{"-shared", OPT_SHARED},
	{"--shared", OPT_SHARED},
	{"-pie", OPT_DROP},
	{"--pie", OPT_DROP},
	{"-static-pie", OPT_DROP},
	{"-rdynamic", OPT_DROP},
	{"-s", OPT_DROP},
	{"-nostdlib", OPT_NO_STDLIB},
	{"-nostartfiles", OPT_NO_START},
	{"-nodefaultlibs", OPT_NO_LIBS},
	{"-nolibc", OPT_NO_LIBS},
	{"-nostdinc", OPT_NO_INCLUDES},
};

/* Options of no further interest whose argument comes separately. */
static const char *const separate[] = {
	"--entry",     "--param",      "-A",
	"-B",	       "-D",	       "-G",
	"-I",	       "-L",	       "-MF",
	"-MQ",	       "-MT",	       "-U",
	"-Xassembler", "-Xclang",      "-Xpreprocessor",
	"-aux-info",   "-dumpbase",    "-dumpbase-ext",
	"-dumpdir",    "-e",	       "-idirafter",
	"-imacros",    "-imultilib",   "-include",
	"-iprefix",    "-iquote",      "-isysroot",
	"-isystem",    "-iwithprefix", "-iwithprefixbefore",
	"-mllvm",      "-specs",       "-target",
	"-u",	       "-wrapper",     "-z",
};

static enum option_kind option_kind(const char *arg)
{
	for (size_t i = 0; i < sizeof(separate) / sizeof(separate[0]); i++)
		if (!strcmp(arg, separate[i]))
			return OPT_SEPARATE;
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		const char *text = options[i].text;
		size_t n = strlen(text) - 1;

		if (text[n] == '*' ? !strncmp(arg, text, n)
				   : !strcmp(arg, text))
			return options[i].kind;
	}
	return OPT_PLAIN;
}

static bool is_linked_as_is(const char *input)
{
	static const char *const suffixes[] = {".o", ".a", ".lo", ".obj",
					       ".so"};
	const char *dot = strrchr(input, '.');

	for (size_t i = 0; dot && i < sizeof(suffixes) / sizeof(suffixes[0]);
	     i++)
		if (!strcmp(dot, suffixes[i]))
			return true;
	return false;
}

static void set_string(struct cc_args *args, char **to, const char *s)
{
	free(*to);
	*to = strdup(s);
	if (!*to)
		args->forward.failed = true;
}

static void lower_mode(struct cc_args *args, enum cc_mode mode)
{
	if (args->mode > mode)
		args->mode = mode;
}

static void add_input(struct cc_args *args, const char *file)
{
	strlist_add(&args->inputs, file);
	if (args->has_language || !is_linked_as_is(file))
		args->has_source = true;
}

/* The layout is image.ld's; a second script would replace it. */
static bool names_script(const char *linker_option)
{
	return !strncmp(linker_option, "-T", 2) ||
	       !strncmp(linker_option, "--script", 8);
}

static void check_linker_options(struct cc_args *args, const char *list)
{
	for (const char *at = list; at; at = strchr(at, ',')) {
		at += *at == ',';
		if (names_script(at))
			set_string(args, &args->refused, "-Wl,-T");
	}
}

static int add_device(struct cc_args *args, const char *text)
{
	struct bp_note_device *device = &args->device[args->device_count];

	if (args->device_count == BP_MAX_DEVICES) {
		warnx("--device=%s: more than %d devices", text,
		      BP_MAX_DEVICES);
		return -E2BIG;
	}
	if (device_note_parse(device, text))
		return -EINVAL;
	for (unsigned i = 0; i < args->device_count; i++)
		if (!strcmp(args->device[i].name, device->name)) {
			warnx("--device=%s: this name was declared before",
			      text);
			return -EEXIST;
		}
	args->device_count++;
	return 0;
}

static int set_rootfs(struct cc_args *args, const char *dir)
{
	if (!*dir || args->rootfs) {
		warnx("--rootfs=%s: %s", dir,
		      *dir ? "one was given before" : "name a directory");
		return -EINVAL;
	}
	set_string(args, &args->rootfs, dir);
	return 0;
}

static int set_sign(struct cc_args *args, const char *path)
{
	size_t length = strlen(path);

	/* Nothing else tells one half of a pair from the other. */
	if (length > 4 && !strcmp(path + length - 4, ".pub")) {
		warnx("--sign=%s: a public key, by its name; sign with the "
		      "secret one, %.*s",
		      path, (int)length - 4, path);
		return -EINVAL;
	}
	if (!*path || args->sign) {
		warnx("--sign=%s: %s", path,
		      *path ? "one was given before" : "name a secret key");
		return -EINVAL;
	}
	set_string(args, &args->sign, path);
	return 0;
}

/* For options that take @value either behind themselves or as next argument. */
static bool takes_next(enum option_kind kind, const char *arg)
{
	switch (kind) {
	case OPT_SEPARATE:
		return true;
	case OPT_OUTPUT:
		return !strcmp(arg, "-o") || !strcmp(arg, "--output");
	case OPT_LANGUAGE:
		return !strcmp(arg, "-x");
	case OPT_LIBRARY:
		return !strcmp(arg, "-l");
	case OPT_LINKER:
		return !strcmp(arg, "-Xlinker");
	case OPT_SCRIPT:
		return !strcmp(arg, "-T");
	case OPT_DEVICE:
		return !strcmp(arg, "--device");
	case OPT_ROOTFS:
		return !strcmp(arg, "--rootfs");
	case OPT_SIGN:
		return !strcmp(arg, "--sign");
	default:
		return false;
	}
}

/* @value is the option's argument; @arg itself when it has none. */
static void note_option(struct cc_args *args, enum option_kind kind,
			const char *arg, const char *value)
{
	switch (kind) {
	case OPT_OUTPUT:
		if (value == arg)
			value += !strncmp(arg, "--output=", 9) ? 9 : 2;
		set_string(args, &args->output, value);
		break;
	case OPT_LANGUAGE:
		args->has_language = strcmp(value, "none") != 0;
		break;
	case OPT_LIBRARY:
		strlist_add(&args->inputs, arg);
		break;
	case OPT_LINKER:
		check_linker_options(args, value == arg ? arg + 4 : value);
		break;
	case OPT_SCRIPT:
	case OPT_SHARED:
		set_string(args, &args->refused, arg);
		break;
	case OPT_QUERY:
		lower_mode(args, CC_QUERY);
		break;
	case OPT_NO_LINK:
		args->makes_object = false;
		lower_mode(args, CC_COMPILE);
		break;
	case OPT_OBJECT:
		lower_mode(args, CC_COMPILE);
		break;
	case OPT_OPT_LEVEL:
		args->has_opt_level = true;
		break;
	case OPT_NO_STDLIB:
		args->no_start = true;
		args->no_libs = true;
		break;
	case OPT_NO_START:
		args->no_start = true;
		break;
	case OPT_NO_LIBS:
		args->no_libs = true;
		break;
	case OPT_NO_INCLUDES:
		args->no_includes = true;
		break;
	case OPT_ROOTFS_OWNERS:
		args->rootfs_keep_owners = true;
		break;
	case OPT_NO_EXT4:
		args->no_ext4 = true;
		break;
	default:
		break;
	}
}

/* Handles all[*i] and moves *i past what belongs to it. */
static int parse_one(struct cc_args *args, const struct strlist *all, size_t *i)
{
	const char *arg = all->v[(*i)++], *value = arg;
	enum option_kind kind = option_kind(arg);

	if (arg[0] != '-' || arg[1] == '\0') {
		add_input(args, arg);
		strlist_add(&args->forward, arg);
		return 0;
	}
	/* Without its argument the compiler has something to say about it. */
	if (takes_next(kind, arg) && *i < all->n)
		value = all->v[(*i)++];
	else if (takes_next(kind, arg) && kind == OPT_OUTPUT) {
		warnx("%s: needs a value", arg);
		return -EINVAL;
	}
	if (kind == OPT_DEVICE)
		return add_device(args, value == arg && arg[8] == '='
						? value + 9
						: value);
	if (kind == OPT_ROOTFS)
		return set_rootfs(args, value != arg	? value
					: arg[8] == '=' ? arg + 9
							: "");
	if (kind == OPT_SIGN)
		return set_sign(args, value != arg    ? value
				      : arg[6] == '=' ? arg + 7
						      : "");
	note_option(args, kind, arg, value);
	if (kind == OPT_DROP || kind == OPT_ROOTFS_OWNERS ||
	    kind == OPT_NO_EXT4)
		return 0;
	strlist_add(&args->forward, arg);
	if (value != arg)
		strlist_add(&args->forward, value);
	return 0;
}

int cc_args_parse(struct cc_args *args, int argc, char *argv[])
{
	struct strlist all = {0};
	int err = 0;

	*args = (struct cc_args){.mode = CC_LINK, .makes_object = true};
	for (int i = 1; !err && i < argc; i++) {
		err = response_file_expand(&all, argv[i]);
		if (err)
			warnx("%s: response files nest too deeply", argv[i]);
	}
	for (size_t i = 0; !err && i < all.n;)
		err = parse_one(args, &all, &i);
	if (!err && args->no_ext4 && args->rootfs) {
		warnx("--no-ext4: --rootfs=%s needs it", args->rootfs);
		err = -EINVAL;
	}
	if (!err &&
	    (all.failed || args->forward.failed || args->inputs.failed)) {
		warnx("out of memory");
		err = -ENOMEM;
	}
	strlist_finish(&all);
	return err;
}

void cc_args_finish(struct cc_args *args)
{
	strlist_finish(&args->forward);
	strlist_finish(&args->inputs);
	free(args->output);
	free(args->refused);
	free(args->rootfs);
	free(args->sign);
}
