/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Fields of kernel objects. The verifier knows what a program's arguments point to, and follows them from field to field:
 * then a field is a load. Of a pointer that was read by a helper it knows nothing: then it is a call that copies memory,
 * one for each arrow, which costs twenty times as much. Either gives 0 where there is no such memory.
 */
#ifndef VEDETTE_BPF_FIELD_H
#define VEDETTE_BPF_FIELD_H

/* As BPF_CORE_READ(). `known`, a constant: the pointer is one of the first kind; where it is not, no program loads. */
#define FIELD(known, from, ...)                                                                    \
	((known) ? ___arrow(from, ##__VA_ARGS__) : BPF_CORE_READ(from, ##__VA_ARGS__))

/*
 * Whether the tasks of a program count as such pointers: those that come as arguments, and since 5.11 current_task() in
 * programs for tracing (5.15 in others). They could in nearly all, but it has a price at the probe's start: from 6.2 on, of
 * each pointer that is loaded from such an object, on each path, the verifier looks for a type by its name through all the
 * types of the kernel (btf_nested_type_is_trusted()). So only programs of each fork, exec and exit define LOADS_TASKS,
 * before all includes; others load a pointer or two, where they run often.
 */
#define CURRENT_TASK_KNOWN                                                                         \
	bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_get_current_task_btf)
#ifdef LOADS_TASKS
#define TASKS_KNOWN CURRENT_TASK_KNOWN
#else
#define TASKS_KNOWN 0
#endif

/* A field of a task, and of what is reached from it by such loads. */
#define LOAD(from, ...) FIELD(TASKS_KNOWN, from, ##__VA_ARGS__)

#endif
