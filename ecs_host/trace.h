/* SPDX-License-Identifier: GPL-2.0-only */
/* trace.h: trace events, all written under the vCPU's lock. */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM ecs

#if !defined(ECSH_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define ECSH_TRACE_H

#include <linux/tracepoint.h>

#include "gate.h"
#include "vcpu.h"
#include "yield.h"

#define ecs_trace_reason(n)						\
	__print_symbolic(n,						\
		{ ECS_STAT_ENDED_RELEASE, "section-ended" },		\
		{ ECS_STAT_ENDED_YIELD, "gave-up" },			\
		{ ECS_STAT_ENDED_FORCED, "forced" },			\
		{ ECS_STAT_ENDED_OFF, "switched-off" },			\
		{ ECS_STAT_REFUSED_BUDGET, "no-budget" },		\
		{ ECS_STAT_REFUSED_SPENT, "grace-used" },		\
		{ ECS_STAT_REFUSED_WAITER, "waiter" },			\
		{ ECS_STAT_REFUSED_SLEEP, "no-sleep-grace" })

#define ecs_trace_section(n)						\
	__print_symbolic(n,						\
		{ ECS_POLICY_WAIT, "wait" },				\
		{ ECS_POLICY_IRQ, "irq" },				\
		{ ECS_POLICY_LOCK, "lock" },				\
		{ ECS_POLICY_USER, "user" },				\
		{ ECS_POLICY_SOFT_WAIT, "wait" },			\
		{ ECS_POLICY_SLEEP, "sleep" },				\
		{ ECS_POLICY_READER, "reader" },			\
		{ ECS_POLICY_RCU, "rcu" })

/* The fair class was refused the CPU of a vCPU inside a section. */
TRACE_EVENT(ecs_grant,
	TP_PROTO(struct ecsh_vcpu *v, int kind, u64 bound_ns),
	TP_ARGS(v, kind, bound_ns),
	TP_STRUCT__entry(
		__field(int, tid)
		__field(int, vcpu)
		__field(int, kind)
		__field(int, section)
		__field(u64, bound_ns)
	),
	TP_fast_assign(
		struct task_struct *task = READ_ONCE(v->task);

		__entry->tid = task ? task->pid : 0;
		__entry->vcpu = v->id;
		__entry->kind = kind;
		__entry->section = v->state.hint;
		__entry->bound_ns = bound_ns;
	),
	TP_printk("tid=%d vcpu=%d kind=%s section=%s bound_ns=%llu",
		  __entry->tid, __entry->vcpu,
		  __print_symbolic(__entry->kind,
				   { ECSH_GATE_TICK, "tick" },
				   { ECSH_GATE_WAKEUP, "wakeup" }),
		  ecs_trace_section(__entry->section), __entry->bound_ns)
);

/* An extension ended before its bound. */
TRACE_EVENT(ecs_release,
	TP_PROTO(struct ecsh_vcpu *v, int reason, u64 length_ns),
	TP_ARGS(v, reason, length_ns),
	TP_STRUCT__entry(
		__field(int, tid)
		__field(int, vcpu)
		__field(int, reason)
		__field(u64, length_ns)
	),
	TP_fast_assign(
		struct task_struct *task = READ_ONCE(v->task);

		__entry->tid = task ? task->pid : 0;
		__entry->vcpu = v->id;
		__entry->reason = reason;
		__entry->length_ns = length_ns;
	),
	TP_printk("tid=%d vcpu=%d reason=%s length_ns=%llu",
		  __entry->tid, __entry->vcpu,
		  ecs_trace_reason(__entry->reason), __entry->length_ns)
);

/* An extension ended at its bound. */
TRACE_EVENT(ecs_expire,
	TP_PROTO(struct ecsh_vcpu *v, u64 length_ns),
	TP_ARGS(v, length_ns),
	TP_STRUCT__entry(
		__field(int, tid)
		__field(int, vcpu)
		__field(u64, length_ns)
	),
	TP_fast_assign(
		struct task_struct *task = READ_ONCE(v->task);

		__entry->tid = task ? task->pid : 0;
		__entry->vcpu = v->id;
		__entry->length_ns = length_ns;
	),
	TP_printk("tid=%d vcpu=%d length_ns=%llu",
		  __entry->tid, __entry->vcpu, __entry->length_ns)
);

/* A vCPU inside a section was not extended. */
TRACE_EVENT(ecs_refuse,
	TP_PROTO(struct ecsh_vcpu *v, int reason),
	TP_ARGS(v, reason),
	TP_STRUCT__entry(
		__field(int, tid)
		__field(int, vcpu)
		__field(int, reason)
	),
	TP_fast_assign(
		struct task_struct *task = READ_ONCE(v->task);

		__entry->tid = task ? task->pid : 0;
		__entry->vcpu = v->id;
		__entry->reason = reason;
	),
	TP_printk("tid=%d vcpu=%d reason=%s", __entry->tid, __entry->vcpu,
		  ecs_trace_reason(__entry->reason))
);

/* What the guest is told of the host's load has changed. */
TRACE_EVENT(ecs_hint,
	TP_PROTO(struct ecsh_vcpu *v),
	TP_ARGS(v),
	TP_STRUCT__entry(
		__field(int, tid)
		__field(int, vcpu)
		__field(u32, told)
	),
	TP_fast_assign(
		struct task_struct *task = READ_ONCE(v->task);

		__entry->tid = task ? task->pid : 0;
		__entry->vcpu = v->id;
		__entry->told = v->told;
	),
	TP_printk("tid=%d vcpu=%d preempted=%d overcommitted=%d",
		  __entry->tid, __entry->vcpu,
		  !!(__entry->told & ECS_HINT_PREEMPTED),
		  !!(__entry->told & ECS_HINT_OVERCOMMIT))
);

/* A vCPU yielded while a holder of its VM waited; to_vcpu is -1 if that was over. */
TRACE_EVENT(ecs_yield,
	TP_PROTO(struct ecsh_vcpu *v, int kind, int to_vcpu, bool yielded),
	TP_ARGS(v, kind, to_vcpu, yielded),
	TP_STRUCT__entry(
		__field(int, tid)
		__field(int, vcpu)
		__field(int, kind)
		__field(int, to_vcpu)
		__field(bool, yielded)
	),
	TP_fast_assign(
		struct task_struct *task = READ_ONCE(v->task);

		__entry->tid = task ? task->pid : 0;
		__entry->vcpu = v->id;
		__entry->kind = kind;
		__entry->to_vcpu = to_vcpu;
		__entry->yielded = yielded;
	),
	TP_printk("tid=%d vcpu=%d kind=%s to_vcpu=%d yielded=%d",
		  __entry->tid, __entry->vcpu,
		  __print_symbolic(__entry->kind,
				   { ECSH_YIELD_SPIN, "spin" },
				   { ECSH_YIELD_CALL, "hypercall" }),
		  __entry->to_vcpu, __entry->yielded)
);

#endif /* ECSH_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
