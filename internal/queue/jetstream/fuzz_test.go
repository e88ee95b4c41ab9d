package jetstream_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/internal/queue/jetstream"
	"github.com/vedette-soc/vedette/internal/telemetry"
)

// FuzzUnpack: a message of anybody gives records or an error, and records that it gives
// are the same when they are packed again.
func FuzzUnpack(f *testing.F) {
	for _, n := range []int{1, 3, 1000} {
		b, err := jetstream.Pack(records("seed", n))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Add([]byte("not ours"))
	f.Add([]byte{2, 0x02, 0x00, 1, 'a', 0, 0, 0})
	f.Fuzz(func(t *testing.T, data []byte) {
		if got, err := jetstream.Unpack(data); err == nil {
			again(t, got)
		}
		if got, err := jetstream.UnpackRaw(data); err == nil {
			again(t, got)
		}
	})
}

func again(t *testing.T, want []telemetry.Record) {
	t.Helper()
	b, err := jetstream.Pack(want)
	if err != nil {
		t.Fatal(err)
	}
	got, err := jetstream.Unpack(b)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}
