#include "textflag.h"

// A byte is looked up twice, by its low half and by its high half; what both
// tables have in common tells what it is: 1 a digit, 2 '-' or '.', 4 '(', 8 a
// letter of the first half of its alphabet, 16 one of the second, 32 '_', 64 one
// from a to f, 128 '[' or '{'. A byte beyond ASCII finds nothing.
DATA lowHalf<>+0(SB)/8, $0x1959595959595911
DATA lowHalf<>+8(SB)/8, $0x280a0a088818191d
GLOBL lowHalf<>(SB), RODATA|NOPTR, $16

DATA highHalf<>+0(SB)/8, $0x9048b04801060000
DATA highHalf<>+8(SB)/8, $0
GLOBL highHalf<>(SB), RODATA|NOPTR, $16

DATA half<>+0(SB)/1, $0x0f
GLOBL half<>(SB), RODATA|NOPTR, $1
DATA inToken<>+0(SB)/8, $0x3b3b3b3b3b3b3b3b
DATA inToken<>+8(SB)/8, $0x3b3b3b3b3b3b3b3b
DATA inToken<>+16(SB)/8, $0x3b3b3b3b3b3b3b3b
DATA inToken<>+24(SB)/8, $0x3b3b3b3b3b3b3b3b
GLOBL inToken<>(SB), RODATA|NOPTR, $32
DATA percent<>+0(SB)/8, $0x2525252525252525
DATA percent<>+8(SB)/8, $0x2525252525252525
DATA percent<>+16(SB)/8, $0x2525252525252525
DATA percent<>+24(SB)/8, $0x2525252525252525
GLOBL percent<>(SB), RODATA|NOPTR, $32
DATA dot<>+0(SB)/1, $0x2e
GLOBL dot<>(SB), RODATA|NOPTR, $1
DATA colon<>+0(SB)/1, $0x3a
GLOBL colon<>(SB), RODATA|NOPTR, $1
DATA backslash<>+0(SB)/1, $0x5c
GLOBL backslash<>(SB), RODATA|NOPTR, $1

// KINDS looks 32 bytes up.
#define KINDS(bytes, kinds) \
	VPOR     bytes, Y7, Y7             \
	VPCMPEQB bytes, Y10, Y4            \
	VPOR     Y4, Y6, Y6                \
	VPCMPEQB percent<>(SB), bytes, Y5  \
	VPOR     Y5, Y9, Y9                \
	VPSHUFB  bytes, Y15, kinds         \
	VPSRLW   $4, bytes, Y4             \
	VPAND    Y13, Y4, Y4               \
	VPSHUFB  Y4, Y14, Y4               \
	VPAND    Y4, kinds, kinds

// STORE keeps the highest bits of the bytes of two registers.
#define STORE(first, second, to) \
	VPMOVMSKB first, AX  \
	VPMOVMSKB second, BX \
	SHLQ      $32, BX    \
	ORQ       BX, AX     \
	MOVQ      AX, to

// func blocksAVX2(dst *block, src *byte, n int, last *byte) uint64
TEXT ·blocksAVX2(SB), NOSPLIT, $0-40
	MOVQ           dst+0(FP), DI
	MOVQ           src+8(FP), SI
	MOVQ           n+16(FP), CX
	MOVQ           last+24(FP), R8
	VBROADCASTI128 lowHalf<>(SB), Y15
	VBROADCASTI128 highHalf<>(SB), Y14
	VPBROADCASTB   half<>(SB), Y13
	VPBROADCASTB   dot<>(SB), Y12
	VPBROADCASTB   colon<>(SB), Y11
	VPBROADCASTB   backslash<>(SB), Y10
	VPXOR          Y9, Y9, Y9         // where there were percent signs
	VPXOR          Y8, Y8, Y8         // nothing
	VPXOR          Y7, Y7, Y7         // all bytes so far
	VPXOR          Y6, Y6, Y6         // where there were backslashes
	XORQ           R9, R9             // whether the block before ends in what may end a scheme
	XORQ           R10, R10           // where there was a colon behind such

next:
	CMPQ    CX, $1
	CMOVQEQ R8, SI
	VMOVDQU 0(SI), Y0
	VMOVDQU 32(SI), Y1
	KINDS(Y0, Y2)
	KINDS(Y1, Y3)

	// token: the other way round
	VPAND     inToken<>(SB), Y2, Y4
	VPAND     inToken<>(SB), Y3, Y5
	VPCMPEQB  Y8, Y4, Y4
	VPCMPEQB  Y8, Y5, Y5
	VPMOVMSKB Y4, AX
	VPMOVMSKB Y5, BX
	SHLQ      $32, BX
	ORQ       BX, AX
	NOTQ      AX
	MOVQ      AX, 0(DI)

	// dot; DX keeps it
	VPCMPEQB Y0, Y12, Y4
	VPCMPEQB Y1, Y12, Y5
	STORE(Y4, Y5, 8(DI))
	MOVQ     AX, DX

	// colon
	VPCMPEQB Y0, Y11, Y4
	VPCMPEQB Y1, Y11, Y5
	STORE(Y4, Y5, 16(DI))

	// hyphen: without the dots
	VPSLLW $6, Y2, Y4
	VPSLLW $6, Y3, Y5
	STORE(Y4, Y5, 40(DI))
	XORQ   DX, AX
	MOVQ   AX, 40(DI)

	// open
	VPSLLW $5, Y2, Y4
	VPSLLW $5, Y3, Y5
	VPOR   Y2, Y4, Y4
	VPOR   Y3, Y5, Y5
	STORE(Y4, Y5, 48(DI))

	// digit, hex
	VPSLLW $7, Y2, Y4
	VPSLLW $7, Y3, Y5
	STORE(Y4, Y5, 24(DI))
	VPSLLW $1, Y2, Y2
	VPSLLW $1, Y3, Y3
	VPOR   Y2, Y4, Y4
	VPOR   Y3, Y5, Y5
	STORE(Y4, Y5, 32(DI))

	// a scheme ends in what is of a token and not hex; AX has hex
	XORQ 0(DI), AX
	LEAQ (R9)(AX*2), BX
	ANDQ 16(DI), BX
	ORQ  BX, R10
	MOVQ AX, R9
	SHRQ $63, R9

	ADDQ $64, SI
	ADDQ $56, DI
	DECQ CX
	JNZ  next

	// a bit for each that there was
	VPMOVMSKB Y7, AX
	VPMOVMSKB Y6, BX
	VPMOVMSKB Y9, DX
	NEGQ      AX
	SBBQ      AX, AX
	ANDQ      $1, AX
	NEGQ      BX
	SBBQ      BX, BX
	ANDQ      $2, BX
	ORQ       BX, AX
	NEGQ      DX
	SBBQ      DX, DX
	ANDQ      $4, DX
	ORQ       DX, AX
	NEGQ      R10
	SBBQ      R10, R10
	ANDQ      $8, R10
	ORQ       R10, AX
	MOVQ      AX, ret+32(FP)
	VZEROUPPER
	RET

DATA column<>+0(SB)/8, $0x8040201008040201
DATA column<>+8(SB)/8, $0
GLOBL column<>(SB), RODATA|NOPTR, $16

// OTHERS sets the bytes that are not in the set.
#define OTHERS(bytes) \
	VPSHUFB  bytes, Y15, Y2     \
	VPSRLW   $4, bytes, bytes   \
	VPAND    Y13, bytes, bytes  \
	VPSHUFB  bytes, Y14, bytes  \
	VPAND    Y2, bytes, bytes   \
	VPCMPEQB Y8, bytes, bytes

// func marksAVX2(dst *uint64, src *byte, n int, rows *[16]byte)
TEXT ·marksAVX2(SB), NOSPLIT, $0-32
	MOVQ           dst+0(FP), DI
	MOVQ           src+8(FP), SI
	MOVQ           n+16(FP), CX
	MOVQ           rows+24(FP), DX
	VBROADCASTI128 (DX), Y15
	VBROADCASTI128 column<>(SB), Y14
	VPBROADCASTB   half<>(SB), Y13
	VPXOR          Y8, Y8, Y8

again:
	VMOVDQU   0(SI), Y0
	VMOVDQU   32(SI), Y1
	OTHERS(Y0)
	OTHERS(Y1)
	VPMOVMSKB Y0, AX
	VPMOVMSKB Y1, BX
	SHLQ      $32, BX
	ORQ       BX, AX
	NOTQ      AX
	MOVQ      AX, (DI)
	ADDQ      $64, SI
	ADDQ      $8, DI
	DECQ      CX
	JNZ       again
	VZEROUPPER
	RET
