// Package clickhousetest puts a real ClickHouse engine behind a loopback HTTP front,
// for tests: [Serve] gives its address. The engine is libchdb, which has to be there
// (.ci/clients brings it); it runs inside the process of the test.
//
// It is one node: replication and clusters are not there to be tested.
package clickhousetest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"unsafe"

	"github.com/ebitengine/purego"
)

// library is where .ci/clients puts the engine.
const library = "npm/node_modules/@chdb/lib-linux-x64-gnu/libchdb.so"

// engine is ClickHouse in this process. It answers one query at a time.
type engine struct {
	mu       sync.Mutex
	database string            // in use; guarded by mu
	settings map[string]string // that are not as they are by themselves; guarded by mu

	conn    *uintptr
	query   func(conn uintptr, sql *byte, n uintptr, format *byte, m uintptr) uintptr
	buffer  func(result uintptr) *byte
	length  func(result uintptr) uintptr
	failure func(result uintptr) *byte
	destroy func(result uintptr)
}

// started is the engine of this process: libchdb can have one directory only.
var started = sync.OnceValues(start)

// quit ends the process without C's exit once there is an engine; nil before.
var quit atomic.Pointer[func(code int32)]

func path() string { return filepath.Join(os.Getenv("VEDETTE_CLIENTS"), library) }

// find skips the test where there is no engine, and fails it in the gate.
func find(t testing.TB) *engine {
	t.Helper()
	if _, err := os.Stat(path()); os.Getenv("VEDETTE_CLIENTS") == "" || err != nil {
		if os.Getenv("VEDETTE_CI") != "" {
			t.Fatal("there is no libchdb where VEDETTE_CLIENTS says; .ci/clients brings it")
		}
		t.Skip("no ClickHouse engine: run .ci/clients DIR and set VEDETTE_CLIENTS=DIR")
	}
	e, err := started()
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func start() (*engine, error) {
	lib, err := purego.Dlopen(path(), purego.RTLD_NOW|purego.RTLD_LOCAL)
	if err != nil {
		return nil, err
	}
	sweep()
	dir, err := os.MkdirTemp("", fmt.Sprintf("%s%d-", dirPrefix, os.Getpid()))
	if err != nil {
		return nil, err
	}
	e := &engine{database: "default", settings: map[string]string{}}
	var handlers func(on int32)
	var connect func(n int32, args **byte) *uintptr
	var exit func(code int32)
	purego.RegisterLibFunc(&exit, purego.RTLD_DEFAULT, "_exit")
	quit.Store(&exit)
	purego.RegisterLibFunc(&handlers, lib, "chdb_set_signal_handlers_enabled")
	purego.RegisterLibFunc(&connect, lib, "chdb_connect")
	purego.RegisterLibFunc(&e.query, lib, "chdb_query_n")
	purego.RegisterLibFunc(&e.buffer, lib, "chdb_result_buffer")
	purego.RegisterLibFunc(&e.length, lib, "chdb_result_length")
	purego.RegisterLibFunc(&e.failure, lib, "chdb_result_error")
	purego.RegisterLibFunc(&e.destroy, lib, "chdb_destroy_query_result")
	handlers(0) // signals are Go's
	args := []*byte{text("clickhouse"), text("--path=" + dir)}
	if e.conn = connect(int32(len(args)), &args[0]); e.conn == nil {
		return nil, errors.New("the ClickHouse engine does not start")
	}
	return e, nil
}

const dirPrefix = "vedette-clickhouse-"

// sweep removes the directories of processes that have ended: the engine uses its own
// to the end.
func sweep() {
	left, _ := filepath.Glob(filepath.Join(os.TempDir(), dirPrefix+"*")) // the pattern is right
	for _, dir := range left {
		text, _, _ := strings.Cut(strings.TrimPrefix(filepath.Base(dir), dirPrefix), "-")
		if pid, err := strconv.Atoi(text); err == nil && errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
			_ = os.RemoveAll(dir)
		}
	}
}

// text is s as C wants it.
func text(s string) *byte { return &append([]byte(s), 0)[0] }

// refused is what the engine says against a query.
type refused struct {
	code int
	text string
}

func (r *refused) Error() string { return r.text }

var codeOf = regexp.MustCompile(`Code: (\d+)`)

// run answers a query. The caller holds mu.
func (e *engine) run(sql []byte) ([]byte, error) {
	format := "TabSeparated"
	r := e.query(*e.conn, unsafe.SliceData(sql), uintptr(len(sql)), unsafe.StringData(format), uintptr(len(format)))
	if r == 0 {
		return nil, errors.New("the ClickHouse engine gives no answer")
	}
	defer e.destroy(r)
	if p := e.failure(r); p != nil {
		said := &refused{text: goString(p)}
		if m := codeOf.FindStringSubmatch(said.text); m != nil {
			said.code, _ = strconv.Atoi(m[1])
		}
		return nil, said
	}
	n := e.length(r)
	if n == 0 {
		return nil, nil
	}
	return append([]byte(nil), unsafe.Slice(e.buffer(r), n)...), nil
}

func goString(p *byte) string {
	n := 0
	for *(*byte)(unsafe.Add(unsafe.Pointer(p), n)) != 0 {
		n++
	}
	return string(unsafe.Slice(p, n))
}

// exec answers a statement that cannot be wrong.
func (e *engine) exec(format string, args ...any) error {
	_, err := e.run(fmt.Appendf(nil, format, args...))
	return err
}

// set makes settings and parameters hold, and no others. The caller holds mu.
func (e *engine) set(q map[string][]string) error {
	for name := range e.settings {
		if _, ok := q[name]; ok || strings.HasPrefix(name, "param_") {
			continue
		}
		if err := e.exec("SET %s = DEFAULT", name); err != nil {
			return err
		}
		delete(e.settings, name)
	}
	for name, values := range q {
		if had, ok := e.settings[name]; ok && had == values[0] {
			continue
		}
		if err := e.exec("SET %s = %s", name, quoted(values[0], '\'')); err != nil {
			return fmt.Errorf("set %s: %w", name, err)
		}
		e.settings[name] = values[0]
	}
	return nil
}
