package keyporttest

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"sync"
)

// TB is what [AssertClean] needs of a *testing.T.
type TB interface {
	Helper()
	Errorf(format string, args ...any)
}

// AssertClean fails the test when a value shows one of the secrets that the
// authority has issued or been given. Each value is printed with every verb that
// people use, as JSON and through log/slog; an error's causes too.
func AssertClean(t TB, a *Authority, what string, values ...any) {
	t.Helper()
	for _, v := range values {
		for form, text := range printed(v) {
			if kind := a.leaks(text); kind != "" {
				t.Errorf("%s: %s of a %T shows the %s", what, form, v, kind)
			}
		}
	}
}

// leaks returns the kind of the secret that text holds, plain or encoded.
func (a *Authority) leaks(text string) string {
	a.mu.Lock()
	defer a.mu.Unlock()
	for secret, kind := range a.secrets {
		if secret == "" {
			continue
		}
		for _, form := range []string{
			secret, url.QueryEscape(secret), fmt.Sprintf("%x", secret),
			strings.TrimRight(base64.StdEncoding.EncodeToString([]byte(secret)), "="), base64.RawURLEncoding.EncodeToString([]byte(secret)),
		} {
			if strings.Contains(text, form) {
				return kind
			}
		}
	}
	return ""
}

// printed shows a value in every way that it may end up in a log.
func printed(v any) map[string]string {
	out := map[string]string{}
	inside := struct{ hidden any }{v} // fmt calls no methods behind an unexported field
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
		out[verb] = fmt.Sprintf(verb, v)
		out[verb+" inside a struct"] = fmt.Sprintf(verb, inside)
	}
	if text, err := json.Marshal(v); err == nil {
		out["JSON"] = string(text)
	}
	var buffer bytes.Buffer
	for name, handler := range map[string]slog.Handler{
		"slog text": slog.NewTextHandler(&buffer, nil), "slog JSON": slog.NewJSONHandler(&buffer, nil),
	} {
		buffer.Reset()
		slog.New(handler).Info("x", "v", v, slog.Group("g", "v", v))
		out[name] = buffer.String()
	}
	switch e := v.(type) {
	case interface{ Unwrap() error }:
		addCauses(out, e.Unwrap())
	case interface{ Unwrap() []error }:
		addCauses(out, e.Unwrap()...)
	}
	return out
}

func addCauses(out map[string]string, causes ...error) {
	for i, cause := range causes {
		if cause == nil {
			continue
		}
		for form, text := range printed(cause) {
			out[fmt.Sprintf("cause %d, %s", i, form)] = text
		}
	}
}

// LogRecorder is a log/slog handler that keeps what is logged, at every level, as
// text for [AssertClean].
type LogRecorder struct {
	mu     sync.Mutex // guards buffer
	buffer bytes.Buffer
	text   slog.Handler
}

// NewLogRecorder returns an empty recorder.
func NewLogRecorder() *LogRecorder {
	r := &LogRecorder{}
	r.text = slog.NewTextHandler(writer{r}, &slog.HandlerOptions{Level: slog.Level(-100)})
	return r
}

// writer appends to the recorder under its lock.
type writer struct{ r *LogRecorder }

// Write implements [io.Writer].
func (w writer) Write(p []byte) (int, error) {
	w.r.mu.Lock()
	defer w.r.mu.Unlock()
	return w.r.buffer.Write(p)
}

// Enabled implements [slog.Handler]: everything is kept.
func (r *LogRecorder) Enabled(context.Context, slog.Level) bool { return true }

// Handle implements [slog.Handler].
func (r *LogRecorder) Handle(ctx context.Context, record slog.Record) error {
	return r.text.Handle(ctx, record)
}

// WithAttrs implements [slog.Handler].
func (r *LogRecorder) WithAttrs(attrs []slog.Attr) slog.Handler { return r.text.WithAttrs(attrs) }

// WithGroup implements [slog.Handler].
func (r *LogRecorder) WithGroup(name string) slog.Handler { return r.text.WithGroup(name) }

// Text returns what was logged so far.
func (r *LogRecorder) Text() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.buffer.String()
}
