package clickhousetest

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
)

// Server is a ClickHouse server on loopback.
type Server struct {
	URL string

	engine        *engine
	before, after atomic.Pointer[func(string) error]
}

// Serve starts a server that ends with the test. Databases of one process share an
// engine.
func Serve(t testing.TB) *Server {
	t.Helper()
	s := &Server{engine: find(t)}
	web := httptest.NewServer(s)
	t.Cleanup(web.Close)
	s.URL = web.URL
	return s
}

// Before lets fn look at each query from now on before it is answered, and After once
// it was: an error breaks the connection off, so that no answer comes. nil ends it.
func (s *Server) Before(fn func(query string) error) { s.before.Store(&fn) }

// After is as Before says.
func (s *Server) After(fn func(query string) error) { s.after.Store(&fn) }

// breaks says whether a query is to be broken off.
func breaks(at *atomic.Pointer[func(string) error], query string) bool {
	fn := at.Load()
	return fn != nil && *fn != nil && (*fn)(query) != nil
}

// ServeHTTP speaks the HTTP interface of ClickHouse as far as it is used.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	q := r.URL.Query()
	query := q.Get("query")
	if breaks(&s.before, query) {
		panic(http.ErrAbortHandler)
	}
	out, err := s.answer(q.Get("database"), query, body, q)
	if breaks(&s.after, query) {
		panic(http.ErrAbortHandler)
	}
	if err != nil {
		refuse(w, err)
		return
	}
	_, _ = w.Write(out)
}

func refuse(w http.ResponseWriter, err error) {
	status := http.StatusInternalServerError
	if said, ok := errors.AsType[*refused](err); ok && said.code > 0 {
		w.Header().Set("X-ClickHouse-Exception-Code", strconv.Itoa(said.code))
		if said.code == 81 || said.code == 60 {
			status = http.StatusNotFound
		}
	}
	http.Error(w, err.Error(), status)
}

// answer runs a query with its parameters and settings, in its database.
func (s *Server) answer(database, query string, body []byte, q map[string][]string) ([]byte, error) {
	s.engine.mu.Lock()
	defer s.engine.mu.Unlock()
	if database == "" {
		database = "default"
	}
	if database != s.engine.database {
		if err := s.engine.exec("USE %s", quoted(database, '`')); err != nil {
			return nil, err
		}
		s.engine.database = database
	}
	delete(q, "query")
	delete(q, "database")
	delete(q, "wait_end_of_query") // there is no other way here
	if err := s.engine.set(q); err != nil {
		return nil, err
	}
	if len(body) > 0 {
		return s.insert(query, body)
	}
	return s.engine.run([]byte(query))
}

// insert brings data in by a file: what stands behind a statement the library reads as
// its command line does, which sees an end of the data at an empty line.
func (s *Server) insert(query string, body []byte) ([]byte, error) {
	at := strings.LastIndex(query, " FORMAT ")
	if at < 0 {
		return nil, errors.New("an INSERT without a FORMAT")
	}
	f, err := os.CreateTemp("", "insert-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.Remove(f.Name()) }()
	_, err = f.Write(body)
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, err
	}
	return s.engine.run(fmt.Appendf(nil, "%s FROM INFILE %s COMPRESSION 'none'%s", query[:at], quoted(f.Name(), '\''), query[at:]))
}

func quoted(s string, by byte) string {
	s = strings.ReplaceAll(s, `\`, `\\`)
	return string(by) + strings.ReplaceAll(s, string(by), `\`+string(by)) + string(by)
}
