package clickhouse

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/vedette-soc/vedette/internal/errs"
)

const (
	// answerWithin bounds one question, on both sides.
	answerWithin = 60 * time.Second
	dialWithin   = 5 * time.Second
	// rowsRead bounds what one question may make the server read.
	rowsRead = 2_000_000_000
	// errorText bounds what is read of an error.
	errorText = 4 << 10
)

// client speaks the HTTP interface of ClickHouse.
type client struct {
	base     url.URL
	name     string // of the database
	user     string
	password errs.Secret
	http     *http.Client
}

// params are the parameters of a statement; a value never becomes part of its text.
type params map[string]string

// number is an integer as a parameter.
func number[N ~uint64 | ~int64 | ~int](n N) string {
	if n < 0 {
		return strconv.FormatInt(int64(n), 10)
	}
	return strconv.FormatUint(uint64(n), 10)
}

// numbers are integers as a parameter Array(UInt64).
func numbers[N ~uint64](ns []N) string {
	b := []byte{'['}
	for i, n := range ns {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendUint(b, uint64(n), 10)
	}
	return string(append(b, ']'))
}

// question is one statement.
type question struct {
	sql      string
	params   params
	settings map[string]string
	head     []byte // of the data of an INSERT
	body     []byte // the data
	outside  bool   // not in our database, which may not be there yet
}

func newClient(c Config) (*client, error) {
	u, err := url.Parse(c.URL)
	if err != nil || u.Host == "" || len(u.Path) < 2 {
		return nil, errs.New(errs.Invalid, "clickhouse_address", "history.clickhouse must be like http://user@host:8123/database.")
	}
	tr := &http.Transport{DialContext: (&net.Dialer{Timeout: dialWithin}).DialContext, MaxIdleConnsPerHost: 8, IdleConnTimeout: time.Minute}
	if c.CA != "" {
		pem, err := os.ReadFile(c.CA)
		if err != nil {
			return nil, errs.New(errs.Invalid, "clickhouse_ca", "history.clickhouse_ca: %s cannot be read.", c.CA).Because(err)
		}
		tr.TLSClientConfig = &tls.Config{RootCAs: x509.NewCertPool(), MinVersion: tls.VersionTLS12}
		if !tr.TLSClientConfig.RootCAs.AppendCertsFromPEM(pem) {
			return nil, errs.New(errs.Invalid, "clickhouse_ca", "history.clickhouse_ca: %s holds no certificate.", c.CA)
		}
	}
	return &client{
		base: url.URL{Scheme: u.Scheme, Host: u.Host, Path: "/"}, name: strings.TrimPrefix(u.Path, "/"),
		user: u.User.Username(), password: c.Password,
		// Where it is redirected to, the password would follow.
		http: &http.Client{Transport: tr, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
	}, nil
}

// where names the database in messages.
func (c *client) where() string { return c.base.Host + "/" + c.name }

func (c *client) close() { c.http.CloseIdleConnections() }

// ask sends a question and returns its answer, which is whole: the server answers only
// when it has come to the end.
func (c *client) ask(ctx context.Context, q question) (io.ReadCloser, error) {
	v := url.Values{"query": {q.sql}, "wait_end_of_query": {"1"}}
	if !q.outside {
		v.Set("database", c.name)
	}
	for name, value := range q.params {
		v.Set("param_"+name, value)
	}
	for name, value := range q.settings {
		v.Set(name, value)
	}
	if q.body == nil {
		v.Set("max_execution_time", number(int(answerWithin/time.Second)))
		v.Set("max_rows_to_read", number(rowsRead))
	}
	u := c.base
	u.RawQuery = v.Encode()
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, u.String(), io.MultiReader(bytes.NewReader(q.head), bytes.NewReader(q.body)))
	if err != nil {
		cancel()
		return nil, err
	}
	req.ContentLength = int64(len(q.head) + len(q.body))
	if c.user != "" {
		req.Header.Set("X-ClickHouse-User", c.user)
		req.Header.Set("X-ClickHouse-Key", c.password.Reveal())
	}
	res, err := c.http.Do(req)
	if err != nil {
		defer cancel()
		return nil, c.silent(ctx, err)
	}
	body := &ending{res.Body, cancel}
	if res.StatusCode == http.StatusOK && res.Header.Get("X-ClickHouse-Exception-Code") == "" {
		return body, nil
	}
	defer func() { _ = body.Close() }()
	return nil, c.refusal(res)
}

// ending ends the time of a question with its answer.
type ending struct {
	io.ReadCloser
	cancel context.CancelFunc
}

func (e *ending) Close() error {
	defer e.cancel()
	return e.ReadCloser.Close()
}

// silent is the error of a server that gave no answer. The address carries the
// question: it stays out of the text.
func (c *client) silent(ctx context.Context, err error) error {
	if u, ok := errors.AsType[*url.Error](err); ok {
		err = u.Err
	}
	if cause := context.Cause(ctx); errors.Is(cause, context.Canceled) {
		return cause
	}
	return unanswered(fmt.Errorf("ask ClickHouse at %s: %w", c.base.Host, err))
}

// unanswered is the error of a question of which nobody knows what became.
func unanswered(err error) error {
	return errs.New(errs.Unavailable, "clickhouse_silent",
		"ClickHouse, which keeps the events, does not answer. See that it runs and can be reached as history.clickhouse says; senders send again until then.").Because(err)
}

// refusal is the error that the server gave.
func (c *client) refusal(res *http.Response) error {
	text, _ := io.ReadAll(io.LimitReader(res.Body, errorText))
	code, err := strconv.Atoi(res.Header.Get("X-ClickHouse-Exception-Code"))
	cause := fmt.Errorf("ClickHouse at %s answers %s: %s", c.base.Host, res.Status, bytes.TrimSpace(text))
	switch {
	case err != nil && (res.StatusCode == http.StatusUnauthorized || res.StatusCode == http.StatusForbidden), code == 516, code == 497, code == 192, code == 193, code == 194:
		return &exception{code, errs.New(errs.Unavailable, "clickhouse_denied",
			"ClickHouse at %s refuses the user %q. Look at history.clickhouse and history.clickhouse_password, and at what the user may do in %s.", c.base.Host, c.user, c.name).Because(cause)}
	case err != nil: // a proxy, or something else that listens there
		return unanswered(cause)
	case code == 159 || code == 209 || code == 210 || code == 236 || code == 394: // broken off somewhere on the way
		return unanswered(cause)
	case code == 158 || code == 241 || code == 307 || code == 396:
		return &exception{code, errs.New(errs.Unavailable, "clickhouse_too_much", "That is more than ClickHouse may read or hold for one question; narrow the time, or ask for a value.").Because(cause)}
	case code == 202 || code == 243 || code == 252 || code == 242:
		return &exception{code, errs.New(errs.Unavailable, "clickhouse_full", "ClickHouse takes nothing at the moment: it has too much to do, or its disk is full. Its log says which.").Because(cause)}
	}
	return &exception{code, cause}
}

// exception is an error that ClickHouse itself gave: the statement was not done.
type exception struct {
	code int
	err  error
}

func (e *exception) Error() string { return e.err.Error() }
func (e *exception) Unwrap() error { return e.err }

// exec does a statement that has no answer.
func (c *client) exec(ctx context.Context, q question) error {
	body, err := c.ask(ctx, q)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, io.LimitReader(body, 1<<20))
	if err = errors.Join(err, body.Close()); err != nil {
		return unanswered(err)
	}
	return nil
}

// rows asks a question whose answer is rows.
func (c *client) rows(ctx context.Context, q question) (*answer, error) {
	body, err := c.ask(ctx, q)
	if err != nil {
		return nil, err
	}
	return newAnswer(body), nil
}

// noDatabase is the code of ClickHouse for a database that is not there.
const noDatabase = 81

// database makes the database where it is absent and may be made.
func (c *client) database(ctx context.Context) error {
	err := c.exec(ctx, question{sql: "SELECT 1"})
	if e, ok := errors.AsType[*exception](err); !ok || e.code != noDatabase {
		return err
	}
	if err := c.exec(ctx, question{sql: "CREATE DATABASE IF NOT EXISTS {name:Identifier}", params: params{"name": c.name}, outside: true}); err != nil {
		return errs.New(errs.Unavailable, "clickhouse_database", "There is no database %s on %s, and it cannot be made; make it, and let the user %q create tables in it.", c.name, c.base.Host, c.user).Because(err)
	}
	return nil
}

// quiet waits until no insert into our database runs any more: a process that died may
// have left one behind, which must not come after we have read how far the history is.
func (c *client) quiet(ctx context.Context) error {
	for end := time.Now().Add(answerWithin); ; {
		rows, err := c.rows(ctx, question{sql: "SELECT toUInt64(count()) FROM system.processes WHERE current_database = currentDatabase() AND query_kind = 'Insert' FORMAT RowBinary"})
		if err != nil {
			return err
		}
		running := uint64(0)
		for rows.more() {
			running = rows.uint64()
		}
		switch err := rows.close(); {
		case err != nil || running == 0:
			return err
		case time.Now().After(end):
			return errs.New(errs.Conflict, "history_written", "Another process writes into the ClickHouse database %s. Stop it first.", c.where())
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(200 * time.Millisecond):
		}
	}
}
