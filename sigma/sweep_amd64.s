#include "textflag.h"

DATA nibble<>+0(SB)/1, $0x0f
GLOBL nibble<>(SB), RODATA|NOPTR, $1
DATA backslash<>+0(SB)/1, $0x5c
GLOBL backslash<>(SB), RODATA|NOPTR, $1
DATA letterU<>+0(SB)/1, $0x75
GLOBL letterU<>(SB), RODATA|NOPTR, $1

// What the signs for kelvin and long s begin with.
DATA kelvin<>+0(SB)/8, $0xe2e2e2e2e2e2e2e2
DATA kelvin<>+8(SB)/8, $0xe2e2e2e2e2e2e2e2
DATA kelvin<>+16(SB)/8, $0xe2e2e2e2e2e2e2e2
DATA kelvin<>+24(SB)/8, $0xe2e2e2e2e2e2e2e2
GLOBL kelvin<>(SB), RODATA|NOPTR, $32
DATA longs<>+0(SB)/8, $0xc5c5c5c5c5c5c5c5
DATA longs<>+8(SB)/8, $0xc5c5c5c5c5c5c5c5
DATA longs<>+16(SB)/8, $0xc5c5c5c5c5c5c5c5
DATA longs<>+24(SB)/8, $0xc5c5c5c5c5c5c5c5
GLOBL longs<>(SB), RODATA|NOPTR, $32

// BUCKETS leaves in low which buckets have each of the bytes at their place.
#define BUCKETS(bytes, lows, highs, low) \
	VPAND   Y9, bytes, low       \
	VPSHUFB low, lows, low       \
	VPSRLW  $4, bytes, bytes     \
	VPAND   Y9, bytes, bytes     \
	VPSHUFB bytes, highs, bytes  \
	VPAND   bytes, low, low

// func sweepAVX2(rows *[6][16]byte, src *byte, n int, last *byte, out *sighting, room int) (found int, signs uint64)
TEXT ·sweepAVX2(SB), NOSPLIT, $0-64
	MOVQ           rows+0(FP), AX
	MOVQ           src+8(FP), SI
	MOVQ           n+16(FP), CX
	MOVQ           last+24(FP), R8
	MOVQ           out+32(FP), DI
	MOVQ           room+40(FP), R9
	MOVQ           SI, R10
	XORQ           BX, BX
	VBROADCASTI128 0(AX), Y15
	VBROADCASTI128 16(AX), Y14
	VBROADCASTI128 32(AX), Y13
	VBROADCASTI128 48(AX), Y12
	VBROADCASTI128 64(AX), Y11
	VBROADCASTI128 80(AX), Y10
	VPBROADCASTB   nibble<>(SB), Y9
	VPBROADCASTB   backslash<>(SB), Y8
	VPBROADCASTB   letterU<>(SB), Y7
	VPXOR          Y6, Y6, Y6          // escapes by \u
	VPXOR          Y5, Y5, Y5          // beginnings of the signs

next:
	CMPQ     CX, $1
	CMOVQEQ  R8, SI
	VMOVDQU  0(SI), Y0
	VMOVDQU  1(SI), Y1
	VMOVDQU  2(SI), Y2
	VPCMPEQB Y0, Y8, Y3
	VPCMPEQB Y1, Y7, Y4
	VPAND    Y3, Y4, Y4
	VPOR     Y4, Y6, Y6
	VPCMPEQB kelvin<>(SB), Y0, Y3
	VPOR     Y3, Y5, Y5
	VPCMPEQB longs<>(SB), Y0, Y4
	VPOR     Y4, Y5, Y5
	BUCKETS(Y0, Y15, Y14, Y3)
	BUCKETS(Y1, Y13, Y12, Y4)
	VPAND    Y4, Y3, Y3
	BUCKETS(Y2, Y11, Y10, Y4)
	VPAND    Y4, Y3, Y3
	VPTEST   Y3, Y3
	JNZ      hit

on:
	ADDQ $32, SI
	DECQ CX
	JNZ  next

done:
	VPMOVMSKB Y6, AX
	VPMOVMSKB Y5, CX
	SHLQ      $32, CX
	ORQ       CX, AX
	MOVQ      BX, found+48(FP)
	MOVQ      AX, signs+56(FP)
	VZEROUPPER
	RET

hit:
	CMPQ    BX, R9
	JEQ     full
	INCQ    BX
	VMOVDQU Y3, 0(DI)
	MOVQ    SI, DX
	SUBQ    R10, DX
	MOVQ    DX, 32(DI)
	ADDQ    $40, DI
	JMP     on

full:
	INCQ BX
	JMP  done
