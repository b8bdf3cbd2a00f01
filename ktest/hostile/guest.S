/* SPDX-License-Identifier: GPL-2.0 */
/*
 * guest.S: what the small VMM's guests run, in real mode. Offsets are those of
 * struct params in vm.h, which DS points to.
 */
	.section .rodata
	.globl	guest_code, guest_at
	.code16
/* One access, and out to the VMM; again when it comes back. */
guest_code:
once:
1:	movl %ds:0, %ecx
	movl %ds:4, %eax
	movl %ds:8, %edx
	movb $0, %ds:12
	cmpb $0, %ds:13
	jne 2f
	wrmsr
	jmp 3f
2:	rdmsr
3:	movl %eax, %ds:4
	movl %edx, %ds:8
	outb %al, $0x10
	jmp 1b

/* Registers and withdraws until it is stopped. */
loop:
1:	movl %ds:0, %ecx
	movl %ds:4, %eax
	movl %ds:8, %edx
	wrmsr
	xorl %eax, %eax
	xorl %edx, %edx
	wrmsr
	incl %ds:16
	jmp 1b

/* Registers and computes until it is stopped. */
spin:
	movl %ds:0, %ecx
	movl %ds:4, %eax
	movl %ds:8, %edx
	wrmsr
1:	incl %ds:16
	jmp 1b

/* Goes on behind the two bytes of the instruction. */
gp:
	pushw %bp
	movw %sp, %bp
	addw $2, 2(%bp)
	movb $1, %ds:12
	popw %bp
	iretw
end:

/* By enum code. */
	.balign 4
guest_at:
	.long once - once, loop - once, spin - once, gp - once, end - once

	.section .note.GNU-stack, "", @progbits
