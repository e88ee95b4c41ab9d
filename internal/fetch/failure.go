package fetch

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/vedette-soc/vedette/internal/errs"
)

// delayed is an error whose server said when to come back.
type delayed struct {
	error
	after time.Duration
}

func (d delayed) Unwrap() error { return d.error }

// RetryAfter returns the pause that the server asked for, 0 when it did not.
func RetryAfter(err error) time.Duration {
	if d, ok := errors.AsType[delayed](err); ok {
		return d.after
	}
	return 0
}

// Backoff returns how long to wait before attempt+1: base doubled for each
// attempt made, at most 6 h, spread evenly over its upper half so that many
// clients do not return together, and never less than the server asked for.
func Backoff(attempt int, base time.Duration, err error) time.Duration {
	const most = 6 * time.Hour
	d := min(base, most)
	for range attempt {
		d = min(2*d, most)
	}
	d = d/2 + time.Duration(rand.Int64N(int64(d/2)+1))
	return max(d, RetryAfter(err))
}

func statusError(u *url.URL, resp *http.Response) error {
	where := u.Redacted()
	var err error
	switch code := resp.StatusCode; {
	case code == http.StatusUnauthorized || code == http.StatusForbidden:
		err = errs.New(errs.Denied, "fetch_refused", "%s answers %d: check the key or the account, and whether this address may use it.", where, code)
	case code == http.StatusNotFound || code == http.StatusGone:
		err = errs.New(errs.NotFound, "fetch_not_found", "%s answers %d: the address is gone; look for its new place on the publisher's site.", where, code)
	case code == http.StatusTooManyRequests:
		err = errs.New(errs.RateLimited, "fetch_rate_limited", "%s answers 429: asked too often; lengthen the interval or use a key.", where)
	case code == http.StatusRequestTimeout || code >= 500:
		err = errs.New(errs.Unavailable, "fetch_unavailable", "%s answers %d: its server has a problem; it will be tried again.", where, code)
	default:
		err = errs.New(errs.Invalid, "fetch_status", "%s answers %d, which is no list; check the address.", where, code)
	}
	if after := parseRetryAfter(resp.Header, time.Now()); after > 0 {
		return delayed{err, after}
	}
	return err
}

// parseRetryAfter reads RFC 9110's Retry-After: seconds or a date; at most a day.
func parseRetryAfter(h http.Header, now time.Time) time.Duration {
	v := strings.TrimSpace(h.Get("Retry-After"))
	if n, err := strconv.Atoi(v); err == nil {
		return time.Duration(min(max(n, 0), 86400)) * time.Second
	}
	if t, err := http.ParseTime(v); err == nil {
		return min(max(t.Sub(now), 0), 24*time.Hour)
	}
	return 0
}

func transportError(u *url.URL, err error) error {
	if e, ok := errors.AsType[*errs.Error](err); ok {
		return e // our own refusal, without net/http's wrapping
	}
	where := u.Redacted()
	if d, ok := errors.AsType[*net.DNSError](err); ok && d.IsNotFound {
		return errs.New(errs.NotFound, "fetch_no_such_host", "The host of %s does not exist; check the address.", where).Because(err)
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return errs.New(errs.Unavailable, "fetch_timeout", "%s did not answer in time; try again, or allow it more time.", where).Because(err)
	}
	return errs.New(errs.Unavailable, "fetch_unreachable", "%s cannot be reached; check the network and the proxy.", where).Because(err)
}
