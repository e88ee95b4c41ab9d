package app_test

import (
	"context"
	"fmt"
	"os/exec"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/vedette-soc/vedette/internal/realdata"
)

// browser is a headless Chromium on the pages of a house. It keeps whatever the
// pages complain of: exceptions, console errors, what the security policy refused.
type browser struct {
	ctx  context.Context
	base string

	mu     sync.Mutex
	faults []string // guarded by mu
}

// launch starts a browser that ends with the test.
func launch(t *testing.T, base string) *browser {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		realdata.Absent(t, "chromium is not installed; with it this tests the pages as people use them")
	}
	opts := append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]), chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true), chromedp.WindowSize(1280, 800))
	alloc, stop := chromedp.NewExecAllocator(context.WithoutCancel(t.Context()), opts...)
	t.Cleanup(stop)
	b := &browser{base: base}
	b.ctx, stop = chromedp.NewContext(alloc, chromedp.WithListener(b.hear))
	t.Cleanup(stop)
	t.Cleanup(func() {
		if err := chromedp.Cancel(b.ctx); err != nil {
			t.Errorf("end the browser: %v", err)
		}
	})
	const refusals = `document.addEventListener("securitypolicyviolation", (e) => console.error("refused by policy", e.violatedDirective, e.blockedURI));`
	do(t, b, func(ctx context.Context, to *chromedp.Target) (page.AddScriptToEvaluateOnNewDocumentResult, error) {
		return cdp.Call(ctx, to, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: refusals})
	})
	return b
}

// hear keeps what pages complain of.
func (b *browser) hear(event any) {
	var fault string
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		fault = "exception: " + e.ExceptionDetails.Text
		if e.ExceptionDetails.Exception != nil {
			fault += " " + e.ExceptionDetails.Exception.Description
		}
	case *runtime.EventConsoleAPICalled:
		if e.Type != runtime.ConsoleAPICalledTypeError && e.Type != runtime.ConsoleAPICalledTypeWarning {
			return
		}
		fault = "console:"
		for _, a := range e.Args {
			fault += " " + string(a.Value)
		}
	case *log.EventEntryAdded:
		if e.Entry.Level != log.EntryLevelError && e.Entry.Level != log.EntryLevelWarning {
			return
		}
		fault = fmt.Sprintf("%s %s: %s %s", e.Entry.Source, e.Entry.Level, e.Entry.Text, e.Entry.URL)
	default:
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.faults = append(b.faults, fault)
}

// complaints returns what was heard since the last call.
func (b *browser) complaints() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	out := b.faults
	b.faults = nil
	return out
}

// calm fails the test when a page complained.
func (b *browser) calm(t *testing.T) {
	t.Helper()
	for _, c := range b.complaints() {
		t.Error(c)
	}
}

// do runs one action, which must succeed within seconds.
func do[T any](t *testing.T, b *browser, a chromedp.Action[T]) T {
	t.Helper()
	// The first run binds the browser to its context: only later ones have a limit.
	ctx := b.ctx
	if chromedp.FromContext(ctx).Target != nil {
		var stop context.CancelFunc
		ctx, stop = context.WithTimeout(ctx, 20*time.Second)
		defer stop()
	}
	out, err := chromedp.Run(ctx, a)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// eval is the value of an expression in the page.
func eval[T any](t *testing.T, b *browser, js string) T {
	t.Helper()
	return do(t, b, chromedp.Evaluate[T](js))
}

// size sets the width and height of the window.
func (b *browser) size(t *testing.T, width, height int64) {
	t.Helper()
	do(t, b, chromedp.EmulateViewport(width, height))
}

// open goes to a path and waits until the page and its scripts are ready.
func (b *browser) open(t *testing.T, path string) {
	t.Helper()
	do(t, b, chromedp.Navigate(b.base+path))
	b.until(t, ready)
}

const ready = `document.readyState === "complete" && (document.documentElement.classList.contains("js") || !document.querySelector("script"))`

// press types keys where the focus is. As with a keyboard, the character comes
// with the key and not after it: a page that takes the key prevents it.
func (b *browser) press(t *testing.T, keys string) {
	t.Helper()
	for _, r := range keys {
		events := kb.Encode(r)
		down, up := *events[0], *events[len(events)-1]
		if len(events) > 2 {
			down.Text = events[1].Text
		}
		for _, e := range []input.DispatchKeyEventParams{down, up} {
			do(t, b, func(ctx context.Context, to *chromedp.Target) (cdp.Empty, error) {
				return cdp.Call(ctx, to, input.DispatchKeyEvent, e)
			})
		}
	}
}

// click clicks what a selector finds first, as a mouse would.
func (b *browser) click(t *testing.T, selector string) {
	t.Helper()
	do(t, b, chromedp.Click(chromedp.CSS(selector)))
}

// leave does what leads to another page and waits for that page.
func (b *browser) leave(t *testing.T, act func()) {
	t.Helper()
	eval[chromedp.Void](t, b, `window.before = true`)
	act()
	b.until(t, `!window.before && `+ready)
}

// until waits for an expression to hold, across pages.
func (b *browser) until(t *testing.T, js string) {
	t.Helper()
	ctx, stop := context.WithTimeout(b.ctx, 10*time.Second)
	defer stop()
	for {
		// An error may be that the page is just being replaced: the limit decides.
		ok, err := chromedp.Run(ctx, chromedp.Evaluate[bool](`!!(`+js+`)`))
		if err == nil && ok {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatalf("never came true: %s (%v)", js, err)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// here fails the test unless an expression holds now.
func (b *browser) here(t *testing.T, js string) {
	t.Helper()
	if !eval[bool](t, b, `!!(`+js+`)`) {
		t.Errorf("does not hold at %s: %s", eval[string](t, b, `location.pathname`), js)
	}
}

// path is where the browser is.
func (b *browser) path(t *testing.T) string {
	t.Helper()
	return eval[string](t, b, `location.pathname`)
}
