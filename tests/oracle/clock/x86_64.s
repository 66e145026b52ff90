.intel_syntax noprefix
clock_gettime:
    test edi, edi
    je fixed
    cmp edi, 5
    je fixed
    cmp edi, 11
    je fixed
    mov eax, 228
    syscall
    test eax, eax
    jns done
    or eax, -1
done:
    ret
fixed:
    mov rax, [rip + epoch]
    mov [rsi], rax
    and qword ptr [rsi + 8], 0
    xor eax, eax
    ret
.balign 16, 0xcc
gettimeofday:
    test rdi, rdi
    je 1f
    mov rax, [rip + epoch]
    mov [rdi], rax
    and qword ptr [rdi + 8], 0
1:  test rsi, rsi
    je 2f
    and qword ptr [rsi], 0
2:  xor eax, eax
    ret
.balign 16, 0xcc
time:
    mov rax, [rip + epoch]
    test rdi, rdi
    je 1f
    mov [rdi], rax
1:  ret
.balign 16, 0xcc
timespec_get:
    xor eax, eax
    cmp esi, 1
    jne 1f
    mov rdx, [rip + epoch]
    mov [rdi], rdx
    mov [rdi + 8], rax
    inc eax
1:  ret
.balign 16, 0xcc
epoch: .quad 0
