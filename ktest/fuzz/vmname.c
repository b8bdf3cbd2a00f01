// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmname.c: any command lines of processes, and any word for one of them: the VM
 * that is found is the one that was named.
 *
 * The processes are made up: up to four, of which some hold a VM.
 */
#include <errno.h>

#include "cmdline.h"
#include "fuzz.h"
#include "out.h"
#include "vm.h"

#define PROCESSES_MAX 4u

static struct process {
	char *args;
	size_t len;
	bool is_vm;
} processes[PROCESSES_MAX];
static size_t nr_processes;

/* Their pids are 1000 and up. */
static struct process *process_of(pid_t pid)
{
	return pid >= 1000 && (size_t)(pid - 1000) < nr_processes ?
		       &processes[pid - 1000] :
		       NULL;
}

/* --- what vm.c takes from proc.c --- */

int proc_pids(pid_t **pids, size_t *count)
{
	pid_t *list = calloc(PROCESSES_MAX, sizeof(*list));

	if (!list)
		abort();
	for (*count = 0; *count < nr_processes; ++*count)
		list[*count] = 1000 + (pid_t)*count;
	*pids = list;
	return 0;
}

int proc_describe(struct proc_vm *vm, pid_t pid)
{
	const struct process *process = process_of(pid);

	memset(vm, 0, sizeof(*vm));
	vm->pid = pid;
	if (!process)
		return -ESRCH;
	vm->name = cmdline_name(process->args, process->len);
	if (!cmdline_uuid(process->args, process->len, vm->uuid))
		vm->uuid[0] = '\0';
	return 0;
}

int proc_is_vm(pid_t pid)
{
	const struct process *process = process_of(pid);

	return process ? process->is_vm : -ESRCH;
}

pid_t proc_process_of(pid_t pid)
{
	return process_of(pid) ? pid : 0;
}

/* --- the slow and obvious way --- */

struct words {
	const char *word[512];
	size_t nr;
};

static void split(struct words *words, const struct process *process)
{
	size_t at;

	words->nr = 0;
	for (at = 0; at < process->len; at += strlen(process->args + at) + 1)
		words->word[words->nr++] = process->args + at;
}

/* Of "a,,b,guest=c": the items, ",," being a comma; the name is the last one. */
static void name_of_value(const char *value, char *name)
{
	char item[512];
	size_t n, items = 0;

	if (!*value)
		return;
	for (; value; value = *value ? value + 1 : NULL, items++) {
		for (n = 0; *value && (*value != ',' || value[1] == ',');
		     item[n++] = *value++)
			value += *value == ',';
		item[n] = '\0';
		if (!strncmp(item, "guest=", 6))
			strcpy(name, item + 6);
		else if (!items && !strchr(item, '='))
			strcpy(name, item);
	}
}

/*
 * Each word after "-name" or "--name" in turn, as if it were one list: one that
 * says nothing of the name leaves it as it is.
 */
static void name_of(const struct process *process, char *name)
{
	struct words words;
	const char *word;
	size_t i;

	*name = '\0';
	split(&words, process);
	for (i = 0; i + 1 < words.nr; i++) {
		word = words.word[i];
		if (*word != '-')
			continue;
		word += word[1] == '-' ? 2 : 1;
		if (!strcmp(word, "name"))
			name_of_value(words.word[++i], name);
	}
}

static void check_describe(const struct process *process)
{
	struct proc_vm vm;
	char want[512];
	size_t i;

	proc_describe(&vm, 1000 + (pid_t)(process - processes));
	name_of(process, want);
	CHECK(!strcmp(vm.name ? vm.name : "", want), "name \"%s\", not \"%s\"",
	      vm.name ? vm.name : "", want);
	CHECK(!vm.name || *vm.name, "an empty name");
	CHECK(!*vm.uuid || strlen(vm.uuid) == CMDLINE_UUID - 1, "UUID \"%s\"",
	      vm.uuid);
	for (i = 0; vm.uuid[i]; i++)
		CHECK(strchr("0123456789abcdef-", vm.uuid[i]), "UUID \"%s\"",
		      vm.uuid);
	free(vm.name);
}

/* The first digits of a UUID, 8 at least, with its dashes or without. */
static bool begins(const char *uuid, const char *word)
{
	size_t digits = 0;

	for (; *word; word++, uuid++) {
		if (*uuid == '-' && *word != '-')
			uuid++;
		digits += *uuid != '-';
		if (!*uuid ||
		    *uuid !=
			    (*word >= 'A' && *word <= 'F' ? *word + 32 : *word))
			return false;
	}
	return digits >= 8;
}

static bool is_named(const struct proc_vm *vm, const char *word)
{
	char pid[32];

	snprintf(pid, sizeof(pid), "pid:%d", (int)vm->pid);
	/* Zeros that lead. */
	if (!strncmp(word, "pid:", 4))
		return strtol(word + 4, NULL, 10) == vm->pid;
	return (vm->name && !strcmp(vm->name, word)) || begins(vm->uuid, word);
}

static void check_resolve(char *word)
{
	struct vm_list list = { 0 };
	struct proc_vm vm;
	char label[VM_LABEL];
	size_t i, hits = 0;
	int code;

	for (i = 0; i < nr_processes; i++) {
		proc_describe(&vm, 1000 + (pid_t)i);
		hits += processes[i].is_vm && is_named(&vm, word);
		free(vm.name);
	}
	code = vm_resolve(&list, &word, 1);
	CHECK((code == OUT_OK) == !*fail_message(), "%d and \"%s\"", code,
	      fail_message());
	fail_forget();
	/* A number alone is refused, and so is what is ambiguous. */
	if (code) {
		CHECK(code == OUT_USAGE || code == OUT_NO_VM, "%d", code);
		CHECK(hits != 1 || !word[strspn(word, "0123456789")] ||
			      !strncmp(word, "pid:", 4),
		      "\"%s\" was not found", word);
	} else {
		CHECK(list.count == 1 && hits == 1 &&
			      process_of(list.vm[0].pid)->is_vm &&
			      is_named(&list.vm[0], word),
		      "\"%s\" led to %zu, not %zu", word, list.count, hits);
		vm_label(label, &list.vm[0]);
		for (i = 0; label[i]; i++)
			CHECK((unsigned char)label[i] >= 0x20, "label %s",
			      label);
	}
	vm_list_free(&list);
}

static void fuzz_one(struct input *in)
{
	size_t i, len;
	uint8_t op;
	char *word;

	for (nr_processes = 0; nr_processes < PROCESSES_MAX && in->left;
	     nr_processes++) {
		op = in_byte(in);
		if (op == 0xff)
			break;
		len = in_byte(in);
		len = len < in->left ? len : in->left;
		processes[nr_processes].is_vm = op & 1;
		processes[nr_processes].len = len;
		processes[nr_processes].args = in_text(in, len);
	}
	word = in_text(in, 200);
	for (i = 0; i < nr_processes; i++)
		check_describe(&processes[i]);
	check_resolve(word);
	free(word);
	for (i = 0; i < nr_processes; i++)
		free(processes[i].args);
}
