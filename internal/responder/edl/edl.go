// Package edl serves external dynamic lists to devices that fetch them: one
// entry a line, one token a list.
//
// [New] returns the handler of the device listener. A device may give its token
// as Bearer token, as the password of Basic authentication, or as the parameter
// token, because devices differ in what they can send.
package edl

import (
	"compress/gzip"
	"context"
	"net/http"
	"net/netip"
	"strconv"
	"strings"

	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/respond"
)

// Lists renders lists; respond.Service does.
type Lists interface {
	// Render returns the list for the holder of token, an errs.Denied when
	// list or token is wrong.
	Render(ctx context.Context, id, token, from string) (respond.Rendered, error)
}

// New returns the handler. Only addresses in allow may ask; all when it is empty.
func New(lists Lists, allow []netip.Prefix) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /edl/{id}", func(w http.ResponseWriter, r *http.Request) {
		from, _ := netip.ParseAddrPort(r.RemoteAddr)
		if !allowed(allow, from.Addr().Unmap()) {
			http.Error(w, "this address may not fetch lists", http.StatusForbidden)
			return
		}
		serve(w, r, lists, from.Addr().Unmap().String())
	})
	return mux
}

func allowed(allow []netip.Prefix, a netip.Addr) bool {
	for _, p := range allow {
		if p.Contains(a) {
			return true
		}
	}
	return len(allow) == 0
}

func serve(w http.ResponseWriter, r *http.Request, lists Lists, from string) {
	list, err := lists.Render(r.Context(), r.PathValue("id"), token(r), from)
	if err != nil {
		status := errs.HTTPStatus(err)
		if errs.KindOf(err) == errs.Denied {
			status = http.StatusUnauthorized
			w.Header().Set("WWW-Authenticate", `Basic realm="lists"`)
		}
		http.Error(w, errs.Public(err), status)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("ETag", list.ETag)
	h.Set("Cache-Control", "no-cache")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-TI-Count", strconv.Itoa(list.Entries))
	h.Set("X-TI-Serial", strconv.FormatInt(list.Serial, 10))
	h.Set("Vary", "Accept-Encoding")
	if r.Header.Get("If-None-Match") == list.ETag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") && len(list.Body) > 1024 {
		h.Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		_, _ = z.Write(list.Body)
		_ = z.Close()
		return
	}
	_, _ = w.Write(list.Body)
}

func token(r *http.Request) string {
	if t, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		return strings.TrimSpace(t)
	}
	if _, password, ok := r.BasicAuth(); ok {
		return password
	}
	return r.URL.Query().Get("token")
}
