package fetch

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"

	"github.com/vedette-soc/vedette/internal/errs"
)

// headerKey carries the caller's own headers to the redirect check, which takes
// them off when a redirect leaves the origin: an API key is for one host only.
type headerKey struct{}

func (c *Client) checkRedirect(req *http.Request, via []*http.Request) error {
	if c.cfg.MaxRedirects < 0 || len(via) > c.cfg.MaxRedirects {
		return errs.New(errs.Invalid, "fetch_redirects", "%s redirects more than %d times; enter the final address.", via[0].URL.Redacted(), max(c.cfg.MaxRedirects, 0))
	}
	from := via[len(via)-1].URL
	if from.Scheme == "https" && req.URL.Scheme == "http" {
		return errs.New(errs.Denied, "fetch_downgrade", "%s redirects from https to http (%s); that is not followed.", via[0].URL.Redacted(), req.URL.Redacted())
	}
	if _, err := c.checkURL(req.URL.String()); err != nil {
		return err
	}
	if hostPort(via[0].URL) != hostPort(req.URL) {
		own, _ := req.Context().Value(headerKey{}).(http.Header)
		for k := range own {
			req.Header.Del(k)
		}
	}
	return nil
}

// checkURL refuses what can be seen to be wrong without resolving anything.
func (c *Client) checkURL(raw string) (*url.URL, error) {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" {
		return nil, errs.New(errs.Invalid, "fetch_url", "%q is not an address like https://host/path.", shorten(raw))
	}
	if u.Scheme != "http" && u.Scheme != "https" {
		return nil, errs.New(errs.Invalid, "fetch_scheme", "%s: only http and https addresses can be fetched.", u.Redacted())
	}
	if ip, err := netip.ParseAddr(u.Hostname()); err == nil && !c.cfg.Allow.permits(u.Hostname(), ip) {
		return nil, deniedAddress(u.Hostname(), ip)
	}
	return u, nil
}

func hostPort(u *url.URL) string {
	port := u.Port()
	switch {
	case port != "":
	case u.Scheme == "https":
		port = "443"
	default:
		port = "80"
	}
	return net.JoinHostPort(u.Hostname(), port)
}

func shorten(s string) string {
	if len(s) > 200 {
		return s[:200] + "…"
	}
	return s
}
