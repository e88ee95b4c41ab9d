#include "go_asm.h"
#include "textflag.h"

// func prefetchWords(table *byte, words int, first *probe, n int)
TEXT ·prefetchWords(SB), NOSPLIT, $0-32
	MOVQ table+0(FP), DI
	MOVQ words+8(FP), R8
	MOVQ first+16(FP), SI
	MOVQ n+24(FP), CX

next:
	MOVQ       probe_hash(SI), AX
	MULQ       R8
	PREFETCHT0 (DI)(DX*8)
	ADDQ       $probe__size, SI
	DECQ       CX
	JNZ        next
	RET

// func prefetchBits(table *byte, low int, first *probe, n int)
TEXT ·prefetchBits(SB), NOSPLIT, $0-32
	MOVQ table+0(FP), DI
	MOVQ low+8(FP), CX
	MOVQ first+16(FP), SI
	MOVQ n+24(FP), R8
	ADDQ $3, CX

again:
	MOVL       probe_addr(SI), AX
	SHRL       CX, AX
	PREFETCHT0 (DI)(AX*1)
	ADDQ       $probe__size, SI
	DECQ       R8
	JNZ        again
	RET
