package landscape_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/vedette-soc/vedette/landscape"
)

// prose is like a description: half of the sentences name no target.
var prose = strings.Repeat("[Heron](https://x.example/groups/G1) is a Russian threat group that has been active since at least 2014. It has targeted German electric utilities, banks and "+
	"universities in Ukraine and the Middle East.(Citation: House 2020) The group uses spearphishing and a loader of its own. Some researchers report it under another name. ", 4)

// BenchmarkRead compares reading targets with only taking the marks of links out.
func BenchmarkRead(b *testing.B) {
	b.Run("plain", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(len(prose)))
		for b.Loop() {
			landscape.Plain(prose)
		}
	})
	b.Run("read", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(len(prose)))
		for b.Loop() {
			reader.Read(prose)
		}
	})
}

// BenchmarkAssess ranks as many actors as ATT&CK and the galaxy have together.
func BenchmarkAssess(b *testing.B) {
	actors := random(rand.New(rand.NewPCG(5, 6)), 1200)
	b.ReportAllocs()
	for b.Loop() {
		landscape.Assess(grid, actors, reader, now)
	}
}
