package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/netip"
	"net/url"
	"os"
	"time"

	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/internal/app"
)

// importPass is one import of the same list.
type importPass struct {
	Pass      string               `json:"pass"`
	Seconds   float64              `json:"seconds"`
	PerSecond float64              `json:"per_second"`
	Report    indicator.LossReport `json:"report"`
}

func runBenchImport(ctx context.Context, e env, args []string) error {
	d := dataCommand(e, "bench")
	n := d.fs.Int("n", 100_000, "how many indicators")
	seed := d.fs.Uint64("seed", 1, "another number, another list")
	out := d.fs.String("o", "", "only write the list to this `FILE`")
	rest, err := parseFlags(d.fs, args)
	if err != nil {
		return err
	}
	if len(rest) > 0 || *n < 1 {
		return wrong("bench import takes no arguments; -n says how many indicators, at least one.")
	}
	if *out != "" {
		return output(e, *out, func(w io.Writer) error { return mixed(w, *n, *seed) })
	}
	if given := d.fs.Lookup("data"); given.Value.String() == given.DefValue {
		dir, err := os.MkdirTemp("", "vedette-bench-")
		if err != nil {
			return err
		}
		defer func() { _ = os.RemoveAll(dir) }()
		if err := given.Value.Set(dir); err != nil {
			return err
		}
	}
	return d.with(ctx, func(c *app.Client) error { return importTwice(ctx, e, c, *n, *seed) })
}

// importTwice imports a list into what there is, and the same list again.
func importTwice(ctx context.Context, e env, c *app.Client, n int, seed uint64) error {
	enc := json.NewEncoder(e.stdout)
	summary := map[string]any{"indicators": n}
	for _, pass := range []string{"fresh", "unchanged"} {
		r, w := io.Pipe()
		go func() { w.CloseWithError(mixed(w, n, seed)) }()
		var a importAnswer
		start := time.Now()
		q := url.Values{"name": {"mixed.csv"}, "kind": {"csv"}, "source": {"bench"}}
		err := errors.Join(c.Call(ctx, "POST", "/indicators/import?"+q.Encode(), r, &a), r.Close())
		if err != nil {
			return err
		}
		took := time.Since(start).Seconds()
		if err := enc.Encode(importPass{pass, took, float64(a.Report.In) / took, a.Report}); err != nil {
			return err
		}
		summary[pass+"_per_second"] = float64(a.Report.In) / took
	}
	return enc.Encode(map[string]any{"summary": summary})
}

// mixed writes n indicators as CSV, always the same for a seed: 35 % addresses, 2 %
// ranges, 33 % names, 15 % URLs, 13 % hashes, 2 % mail addresses, of 500 families.
func mixed(w io.Writer, n int, seed uint64) error {
	r := rand.New(rand.NewPCG(seed, 42))
	b := bufio.NewWriterSize(w, 1<<20)
	_, _ = b.WriteString("type,value,malware,confidence\n") // a failure comes back from Flush
	for range n {
		typ, value := mixedValue(r)
		fmt.Fprintf(b, "%s,%s,Family %d,%d\n", typ, value, r.IntN(500), 50+5*r.IntN(10))
	}
	return b.Flush()
}

func mixedValue(r *rand.Rand) (indicator.Type, string) {
	switch p := r.IntN(100); {
	case p < 35:
		return indicator.IPv4, mixedAddress(r).String()
	case p < 37:
		return indicator.IPv4, netip.PrefixFrom(mixedAddress(r), 24+r.IntN(5)).Masked().String()
	case p < 70:
		return indicator.Domain, mixedName(r)
	case p < 85:
		return indicator.URL, fmt.Sprintf("http://%s/%x/gate.php", mixedName(r), r.Uint32())
	case p < 98:
		return mixedHash(r)
	}
	return indicator.Email, fmt.Sprintf("u%x@%s", r.Uint32(), mixedName(r))
}

// mixedAddress is a public address: 11.0.0.0 to 99.255.255.255.
func mixedAddress(r *rand.Rand) netip.Addr {
	n := r.Uint32()
	return netip.AddrFrom4([4]byte{byte(11 + r.IntN(89)), byte(n), byte(n >> 8), byte(n >> 16)})
}

func mixedName(r *rand.Rand) string {
	return fmt.Sprintf("%s%x.h%x.%s", []string{"cdn", "mail", "update", "login"}[r.IntN(4)], r.Uint32(), r.IntN(1<<24), []string{"com", "net", "org", "info"}[r.IntN(4)])
}

func mixedHash(r *rand.Rand) (indicator.Type, string) {
	a, b, c, d := r.Uint64(), r.Uint64(), r.Uint64(), r.Uint64()
	switch r.IntN(3) {
	case 0:
		return indicator.MD5, fmt.Sprintf("%016x%016x", a, b)
	case 1:
		return indicator.SHA1, fmt.Sprintf("%016x%016x%08x", a, b, uint32(c))
	}
	return indicator.SHA256, fmt.Sprintf("%016x%016x%016x%016x", a, b, c, d)
}
