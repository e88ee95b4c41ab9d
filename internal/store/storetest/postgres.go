package storetest

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/vedette-soc/vedette/internal/realdata"
	"github.com/vedette-soc/vedette/internal/sqldb"
)

// server is the private PostgreSQL of this test process.
var server struct {
	once    sync.Once
	dsn     string
	missing string // why there is none
	stop    func()
}

func postgres(t testing.TB) string {
	t.Helper()
	server.once.Do(func() {
		if dsn := os.Getenv("VEDETTE_TEST_POSTGRES_DSN"); dsn != "" {
			server.dsn = dsn
			return
		}
		server.dsn, server.stop, server.missing = startPostgres()
	})
	if server.missing != "" {
		realdata.Absent(t, "no PostgreSQL: %s", server.missing)
	}
	return server.dsn
}

// Main runs the tests of a package and stops the private server afterwards. A
// package that uses Each calls it from TestMain.
func Main(m *testing.M) {
	code := m.Run()
	Stop()
	os.Exit(code)
}

// Stop ends the private server, if there is one.
func Stop() {
	if server.stop != nil {
		server.stop()
	}
}

// startPostgres initialises a cluster in a temporary directory and starts it on
// a free loopback port. PostgreSQL refuses to run as root, so root runs it as the
// user postgres that Debian's package makes.
func startPostgres() (dsn string, stop func(), missing string) {
	bin, ok := postgresBin()
	if !ok {
		return "", nil, "postgres is not installed (Debian: postgresql-15)"
	}
	dir, err := os.MkdirTemp("", "vedette-pg-")
	if err != nil {
		return "", nil, err.Error()
	}
	attr, err := asPostgres(dir)
	if err != nil {
		return "", nil, err.Error()
	}
	data := filepath.Join(dir, "data")
	initdb := exec.Command(filepath.Join(bin, "initdb"), "-D", data, "-U", "vedette", "-A", "trust", "-E", "UTF8", "--locale=C", "-N")
	initdb.SysProcAttr, initdb.Dir = attr, dir
	if out, err := initdb.CombinedOutput(); err != nil {
		return "", nil, fmt.Sprintf("initdb: %v: %s", err, out)
	}
	port, err := freePort()
	if err != nil {
		return "", nil, err.Error()
	}
	pg := exec.Command(filepath.Join(bin, "postgres"), "-D", data, "-p", strconv.Itoa(port), "-k", dir,
		"-c", "listen_addresses=127.0.0.1", "-c", "fsync=off", "-c", "shared_buffers=64MB", "-c", "max_connections=60")
	attr.Pdeathsig = syscall.SIGKILL // never outlive the tests
	pg.SysProcAttr, pg.Dir = attr, dir
	if err := pg.Start(); err != nil {
		return "", nil, err.Error()
	}
	stop = func() {
		_ = pg.Process.Signal(syscall.SIGINT)
		_, _ = pg.Process.Wait()
		_ = os.RemoveAll(dir)
	}
	addr := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	u := url.URL{Scheme: "postgres", User: url.User("vedette"), Host: addr, Path: "/postgres", RawQuery: "sslmode=disable"}
	for range 300 {
		if db, err := sqldb.Open(context.Background(), u.String()); err == nil {
			_ = db.Close()
			return u.String(), stop, ""
		}
		time.Sleep(100 * time.Millisecond)
	}
	stop()
	return "", nil, "postgres did not answer within thirty seconds"
}

func postgresBin() (string, bool) {
	dirs, _ := filepath.Glob("/usr/lib/postgresql/*/bin")
	slices.Sort(dirs)
	for _, d := range slices.Backward(dirs) {
		if _, err := os.Stat(filepath.Join(d, "initdb")); err == nil {
			return d, true
		}
	}
	if p, err := exec.LookPath("initdb"); err == nil {
		return filepath.Dir(p), true
	}
	return "", false
}

func asPostgres(dir string) (*syscall.SysProcAttr, error) {
	if os.Getuid() != 0 {
		return &syscall.SysProcAttr{}, nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		return nil, err
	}
	uid, _ := strconv.Atoi(u.Uid)
	gid, _ := strconv.Atoi(u.Gid)
	if err := os.Chown(dir, uid, gid); err != nil {
		return nil, err
	}
	return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}, nil
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer func() { _ = l.Close() }()
	return l.Addr().(*net.TCPAddr).Port, nil
}
