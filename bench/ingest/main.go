// Command ingest holds the import of a feed into Vedette against keeping the same lines
// in two embedded stores and in a file that is only appended to, all of them durable
// after every ten thousand, in processor time.
//
//	vedette bench import -n 1000000 -o FILE
//	go run ./ingest -vedette BINARY FILE
//
// What the others keep is a value and its line. Vedette keeps also which source says it
// and since when, what it says of it, the times it was seen, counts and history.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"time"
)

// batch is after how many lines what came is durable.
const batch = 10_000

// row is what one store reached.
type row struct {
	Store       string  `json:"store"`
	Pass        string  `json:"pass"` // into an empty store, or the same again
	PerCPU      float64 `json:"lines_per_cpu_second"`
	PerSec      float64 `json:"lines_per_second"`
	BytesOnDisk int64   `json:"bytes_on_disk_per_line"`
}

// line is a value with all that is said of it.
type line struct{ key, text []byte }

// store keeps lines; when keep returns they are durable.
type store interface {
	keep([]line) error
	Close() error
}

func main() {
	vedette := flag.String("vedette", "vedette", "the `BINARY` to measure")
	flag.Parse()
	if err := run(*vedette, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "ingest:", err)
		os.Exit(1)
	}
}

func run(vedette string, args []string) error {
	if len(args) != 1 {
		return errors.New("name one list as `vedette bench import -o FILE` writes it")
	}
	runtime.GOMAXPROCS(1)
	lines, err := read(args[0])
	if err != nil {
		return err
	}
	out := json.NewEncoder(os.Stdout)
	for _, s := range []struct {
		name string
		open func(dir string) (store, error)
	}{{"appended file", openAppended}, {"pebble", openPebble}, {"sqlite", openSQLite}} {
		if err := inDir(func(dir string) error {
			for _, pass := range []string{"fresh", "unchanged"} {
				r, err := measure(s.name, pass, dir, len(lines), func() error { return fill(s.open, dir, lines) })
				if err != nil {
					return err
				}
				if err := out.Encode(r); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
	}
	return inDir(func(dir string) error {
		for _, pass := range []string{"fresh", "unchanged"} {
			r, err := measure("vedette", pass, dir, len(lines), func() error {
				cmd := exec.Command(vedette, "intel", "import", "-data", dir, args[0])
				cmd.Stderr = os.Stderr
				return cmd.Run()
			})
			if err != nil {
				return err
			}
			if err := out.Encode(r); err != nil {
				return err
			}
		}
		return nil
	})
}

func inDir(fn func(string) error) error {
	dir, err := os.MkdirTemp("", "ingest-")
	if err != nil {
		return err
	}
	return errors.Join(fn(dir), os.RemoveAll(dir))
}

// read returns the lines of a list; the type and value of each are what it is found by.
func read(path string) ([]line, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var lines []line
	in := bufio.NewScanner(f)
	in.Scan() // the names of the columns
	for in.Scan() {
		text := bytes.Clone(in.Bytes())
		typ, rest, _ := bytes.Cut(text, []byte(","))
		value, _, ok := bytes.Cut(rest, []byte(","))
		if !ok {
			return nil, fmt.Errorf("%s: a line has less than three columns: %s", path, text)
		}
		lines = append(lines, line{text[:len(typ)+1+len(value)], text})
	}
	return lines, in.Err()
}

func fill(open func(string) (store, error), dir string, lines []line) error {
	s, err := open(dir)
	if err != nil {
		return err
	}
	for at := 0; at < len(lines); at += batch {
		if err := s.keep(lines[at:min(at+batch, len(lines))]); err != nil {
			return errors.Join(err, s.Close())
		}
	}
	return s.Close()
}

func measure(name, pass, dir string, n int, fn func() error) (row, error) {
	cpu, start := cpuTime(), time.Now()
	if err := fn(); err != nil {
		return row{}, err
	}
	wall, used := time.Since(start), cpuTime()-cpu
	var size int64
	err := filepath.Walk(dir, func(_ string, info os.FileInfo, err error) error {
		if err == nil && info.Mode().IsRegular() {
			size += info.Size()
		}
		return err
	})
	return row{name, pass, float64(n) / used.Seconds(), float64(n) / wall.Seconds(), size / int64(n)}, err
}

// cpuTime is what this process and those it waited for have used of processors.
func cpuTime() (sum time.Duration) {
	for _, who := range []int{syscall.RUSAGE_SELF, syscall.RUSAGE_CHILDREN} {
		var u syscall.Rusage
		if err := syscall.Getrusage(who, &u); err != nil {
			panic(err)
		}
		sum += time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	return sum
}
