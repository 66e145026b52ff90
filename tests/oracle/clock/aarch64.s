clock_gettime:
    cbz w0, fixed
    cmp w0, #5
    b.eq fixed
    cmp w0, #11
    b.eq fixed
    mov x8, #113
    svc #0
    cmp w0, #0
    csinv w0, w0, wzr, ge
    ret
fixed:
    ldr x2, epoch
    stp x2, xzr, [x1]
    mov w0, #0
    ret
.balign 16
gettimeofday:
    cbz x0, 1f
    ldr x2, epoch
    stp x2, xzr, [x0]
1:  cbz x1, 2f
    str xzr, [x1]
2:  mov w0, #0
    ret
.balign 16
time:
    mov x1, x0
    ldr x0, epoch
    cbz x1, 1f
    str x0, [x1]
1:  ret
.balign 16
timespec_get:
    cmp w1, #1
    b.ne 1f
    ldr x2, epoch
    stp x2, xzr, [x0]
1:  cset w0, eq
    ret
.balign 16
epoch: .quad 0
